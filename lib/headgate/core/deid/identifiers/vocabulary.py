"""Words of the field: what stands after "Dr" or "Pat", or is in capitals, and names nobody."""

from headgate.core.deid.identifiers.text import alphanumeric, fold

# Words of anatomy, positions and techniques, in English, Scandinavian and German
WORDS = """
abdom abdomen acqui acute addom adjus adult age algor alpha and angio ankle anter aorta ap apex
apical appen arc arm arms arter arterial arteriell arthro at atlas atrial auto av avdom axial axil
back barn bauch beam beck becken bein bekken beta bilat biop birth bladder blære body bolus bone
boost bragg brain breast breath breathing bronch brust bryst bukhule bulb calc calib caput card
carot cavum cerebral cerebrum cerv cervical chest child circ clavic coccyx coil col collum colon
columna compl contr contrast corona coronal cortex cost couch coughing cran cranium cyst data
deform delay delayed dens dent derm detail detector device diag diagnosis diaphr diff digit dista
dorsal dose drain dual dyn dynamic dynamisk ear early echo elbow eller endo epi etter exam expir
extrem eye face facial fase fast feet femur fetal fibul field finger first fistul flair flat flex
flow fluoro foot for fossa fot fraction fram free frontal functional fuss galle gallenblase gamma
gangl gantry gastr gate gating gehirn genu gland glut gradient gray grid hals hand has hastighet
head heart height hepar hepat high hip hjerne hjert hjerte hoch hode hofte hold hounsfield humer
icons id identification ikke iliac imag image images imrt in information infus inspir instruct
intes intra is isocent jaw joint kardio kidney kind kjeve kne knee knees knie kohl konstrast kontr
kopf koronar kranial kropp lag larynx lat lateral leber left left-handed leg legs lenden lever ligg
liggende limb line liver loc localizer locator low lower lumb lung lunge lunger lungs lying lymph
magen mamm mammo mandib manu mark mask mast maxil med media medul menisc mesent meta mid milt milz
mit mitral mobil mode motion mouth move moved moving munn mus muscle myel myokard nach nakke name
nasal nativ native neck nerv neuro nicht nieren node nose not num nyre obl oblique occip ocul oder
of og ohne on open or oral orbit os ost ovar pa pancr paran pariet patell peak pelv perf perin
phant phase pitch plan planar plane pleur pod pone portal pos posit position positioning post
posterior pre prep profile proj pron prone prost prostata prot protocol protokoll prox pulm quad
quality quer quick rad radius reader recon reconstruction rect rectum ref reg ren repeat resp rest
rib right right-handed ring rot rotated routine rutine rygg sacr sagit scale scalp scan scap
schadel schulter scout second sect seg sella semi sept sequence serie series setup sex shield
should side sievert sign sinus sitt sitting size skalle skulder skull slice slow soft spectr sphen
spin spine spleen stand standard standing stapes start std stern stom stop stress studie study
suboc sup supin supine surf survey sutur table talus tarsal tech technique temp tempor test tetra
thal the thor thoracal thorakal thorax throat thumb thyr tib tilted tissue tme toe tom topo torso
trach tract transv trauma tube tumor tumour tynntarm ulna und under undersøkelse unit units unter
untersuchung upper uret ureter urin uten uter vag valv var vasc vein ven venous vent vert vesic
viewer visc vmat vol volum vor was weight weighted whole wirbel with without wrist zoom
albue allergi ankel bihule biopsi claustrophob håndledd hjertefeil hjertesvikt höger høyre isolert
klaustrofob konferanse kontrast kontroll korsrygg narkose overarm overvekt poliklinikk prematur
punksjon respirator rtg ryggsøyle røntgen sedasjon underarm urolig venstre vänster
"""
STEM = 6  # a word of so many letters stands for those that begin with it
FOLDED = frozenset(map(fold, WORDS.split()))
STEMS = tuple(word for word in FOLDED if len(word) >= STEM)
# PS3.16 and common usage: abbreviations of directions, sequences and techniques
ABBREVIATIONS = """
AB AC AD AI AL AP AR AS AT AV AX BB BH BL BP BS BT BW CC CE CI CL CM CN CO COR CP CR CS CT CV CX
DB DE DR DT DW DX ED EF EP EPI ER ES ET FA FB FE FF FH FL FO FR FS GD GE GI GR GY HD HE HF HI HL
HR HS HU IA ID IM IN IO IP IR IS IV KV LA LAO LAT LE LI LL LM LO LP LR LS LV LWS MA MB MG MI MIP
ML MLO MM MN MP MPR MR MRA MS MV NA NB NC NM NO NR OB OD OF OK OP OR OS OU PA PC PD PE PET PF PH
PI PL PN PO PP PR PS PT PV PW QA QC RA RAO RE RF RI RL RM RO ROI RR RT RV SA SAG SB SC SD SE SEG
SG SH SI SL SM SN SNR SP SPC SR SS ST SUV SV TA TB TC TD TE TF TFE TH TI TL TM TOF TP TR TRA TS
TSE UE US UT VA VC VE VI VL VM VR WB WE WL WM WS XA XR XY YZ
"""
KNOWN = frozenset(ABBREVIATIONS.split())
# What names of institutions are made of beside what tells which one it is: how such words begin
COMMON_IN_PLACES = """
abteil acad acute adipo advanced airway akad akut aller allge alliance anonym area associat avdel
bild biomed cancer canon cardi care center centr cerebr clin college commun compan comput consult
cyclotron demen demo dent depart dept derma diabet diagn distri elect elekta emerg endocr envir
europ facul fakult federal fertil first forsch forsk fuji gamma gastro general genet geriatr gesund
global group grupp gyna gyne haem healt heart helse hema hepat herz hidden hitachi hjert holog
hopit hospi hukom imag immun infec inno inst inten inter isotop kantons kind klin krankenhaus krebs
kreft kreis kvinn labor limited lungen lymph magnet medi medt memorial memory metab metropol modern
molec mutter myocard nasjon nation natur nephro neuro nucle nukle nutri obesit oncol onkol open
opera opht optim ortho orto osped outpat paedi pain patient pedia petct petmr phantom philips physi
pneum poli practice praxis precis premier priva profess prostat provin psych psyk public pulm
quality radio recherche region rehab remov research rettsm reuma rheum ripos roentg rontg royal
saint sairaa samsung sankt santa scan school screen senter servic shimad siemens sinus sjuk skann
skin sleep societ special spesial spital sport state stift street stroke student surg swallow syke
system szpit technol test toshiba trauma treat trust tumor ultra united univ uniw unknown urolog
utreda varian varic vascul vector vein verbund veter vital voice ward welln women world young zentr
"""
SHORT_STEM = 4  # letters: what is cut from the name of a place is no word of the field at all
BEGINNINGS_IN_PLACES = (
    *COMMON_IN_PLACES.split(),
    *(word for word in FOLDED if len(word) >= SHORT_STEM),
)
WHOLE_IN_PLACES = """
bridge city county east eastern family good grace grand great greater haus hill holy hope house hus
king kings lake life main mercy mid midt nor nord norte north northern oest ost ouest park prince
princess queen queens sor south southern stad stadt sud sued sur town vest west western
"""
WORDS_IN_PLACES = frozenset(WHOLE_IN_PLACES.split())


def is_common_in_places(word: str) -> bool:
    """Given a word of an institution's name, return whether it does not tell which one it is."""
    plain = fold(word)
    is_common = plain in WORDS_IN_PLACES or plain.startswith(BEGINNINGS_IN_PLACES)
    return is_common or is_clinical(word)


def is_clinical(word: str) -> bool:
    """Given a word, return whether it is one of the field's."""
    plain = fold(word)
    return plain in FOLDED or plain.startswith(STEMS) or is_abbreviation(word)


def is_abbreviation(word: str) -> bool:
    """Given a word, return whether it is an abbreviation of the field's."""
    return word.isascii() and alphanumeric(word).upper() in KNOWN
