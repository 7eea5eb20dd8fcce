"""Words that stand before names of people: titles, what they do or did, and forms of address."""

# Titles that stand before names and nowhere else
TITLES = (
    r"dr(?:\.? ?med)?", r"prof(?:essor)?", "doktor", "doctor", "overlege", "fastlege",
    "tannlege", "assistenzarzt", "oberarzt", "chefarzt", "hausarzt", "radiolog", "radiograf",
    "radiographer", "physician", "sykepleier", "lege", "arzt", "henvisende",
    "doctora", "docteur", "radiologist", "sonographer", "technologist", "nurse",
    "lekarz", "д-р", "лікар", "врач", "γιατρός",
    "c/o", "l[äa]kare", "lääkäri", "hoitaja", "dokter", "huisarts", "kirurg", "chirurgien", "mtra",
    "ärztin", "hausärztin", "untersucher(?:in)?", "zuweiser(?:in)?", "bioanalytiker", "laborant",
    "(?:röntgen|sjuk)sköterska", "médecin", "infirmière", "manipulateur", r"lek(?=\.)(?:\. ?med)?",
    "mudr", "врачу?", "доктор", "лаборант", "рентгенолаборант",
    "担当医?", "主治医", "医師", "技師", "検査者", "読影医", "医生", "医师", "技师", "操作者",
    "의사", "판독의", "검사자", "방사선사",
    # what somebody is is one word in Scandinavia and Finland: turnuslege, överläkare, ylilääkäri
    r"[^\W\d_]+(?:(?<!\bcol)(?<!\bal)(?<!privi)lege|l[äa]kare|lääkäri|hoitaja|sköterska|læge)",
    r"[^\W\d_]+(?:terapeut|sykepleier|sjukepleiar|ingeniør|læknir)",
    "læge", "læknir", "geislafræðingur", "ortoped",
    "(?:n[eé][uv]ro|onko|kardio|uro|pato|nefro|gyn[eæ]ko|hemato|re[uv]mato)log", "sonograf",
    "sjukepleiar", "sygeplejerske", "jordmor", "barnmorska", "kiropraktor", "vakthavende",
    "vakthavande",
)  # fmt: skip
# What somebody did, and by whom: English, Scandinavian, German, Dutch, French, Italian, Spanish and
# Portuguese; and in Polish and Russian, where the verb alone tells it
BY = (
    r"(?:ref|referred|requested|ordered|reported|read|reviewed|verified|signed|dictated) by",
    r"(?:performed|scanned|done|examined|interpreted) by",
    r"(?:rekv(?:\.|irert|ireret)?|utført|udført|utförd|granska[dt]|gransket|kontrollert) a[vf]",
    r"(?:diktert|tolket|beskrevet|beskriven|signert|signerad|henvist|remitterad) a[vf]",
    r"(?:undersökt|undersøkt|bestilt) a[vf]",
    r"(?:überwiesen|verlegt|untersucht|befundet|durchgeführt|angefordert|erstellt|diktiert) von",
    r"(?:aangevraagd|uitgevoerd|verwezen|beoordeeld|gemaakt) door",
    r"(?:adressée?|réalisée?|demandée?|prescrite?|effectuée?|validée?|interprétée?) par",
    r"(?:richiest|eseguit|inviat|refertat)[oa] da", r"(?:solicitad|remitid|realizad|pedid)[oa] por",
    "(?:wykonał|zlecił|opisał|badał)a?", "(?:направил|выполнил|описал)а?",
)  # fmt: skip
PATIENTS = (
    "pat", "pasient", "patient", "patientin", "pas", "pasientnavn", "navn", "name", "patientenname",
    "født som", "geb", "née", "z domu", "pårørende", "ektefelle", "hustru", "ehefrau", "ehemann",
    "spouse", "husband", "wife", "next of kin",
)  # fmt: skip
# What people are to the patient, what is said of them, and what they are in short, before a name
# that is written as names are, small after a capital: most of these are other words, too. In
# Scandinavia, Finland and Iceland, English and German; not what is said of breasts and far walls
BEFORE_A_NAME = (
    "(?:(?:sviger|beste|foster|ste|mor|far)?mor|bror)(?:en)?", "mora", "(?-i:far)", "pappa(?:en)?",
    "(?:(?:sviger|beste|foster|ste|mor|far)far|faren)", "s[øy]ster(?:en|a|n)?", "søn(?:nen|n)?",
    "sonen", "(?:datter|dotter)(?:en|a|n)?", "kon[ae]n?", "mannen", "manden", "ektemann(?:en)?",
    "ektefellen", "maka[n]?", "maken", "sambo(?:er)?(?:en)?", "sambuar(?:en)?", "kjæresten?",
    "tante", "onkel", "niese", "nevø", "barnebarn", "foresatte?", "vergen?", "anhörig", "naboen",
    "grannen", "tolk(?:en)?", "kontaktperson", "äiti", "isä", "vaimo", "aviomies", "puoliso",
    "tytär", "poika", "veli", "sisko", "omainen", "móðir", "faðir", "sonur", "dóttir", "systir",
    "bróðir", "maki", "eiginkona", "eiginmaður", "daughter", "brother", "tochter", "sohn", "bruder",
    "schwester", "heter", "heiter", "hedder", "heitir", "(?-i:født|född)", "hilsen", "helsing",
    "hälsningar", "mvh", "lausunut", r"rekv\.?", "rekvirent", "henviser", "tilvisar", "remittent",
    "(?:skrive|tatt) av", "(?:konferert|diskutert|avtalt) med",
    "utført ved", "(?:henvist|tilvist) fr[aå]", "remitterad från", "lis ?[1-3]", r"spl\.?",
    r"sykepl\.?", r"ssk\.?", r"överl\.?", r"läk\.?",
    r"[^\W\d_]+(?:er[td]|e[td]|a[dt]|ørt|dt|lagt|ilt|satt|vist|kjent) (?-i:a[vf])",
    "pasienten", "patienten", "potilas", r"(?-i:pt\.?)",
    "(?:for|etter|efter)navn", "(?:för|efter)namn", "kontakt", "spør", r"att\.?", "(?-i:v/)",
    "(?-i:ring(?:e|te|t)?)(?: til)?", "(?:beskjed|svar|kopi|melding) til", r"henv\.?(?: a[vf])?",
    "kuvannut", "kuvasi", "lähettänyt", "tarkastanut", "tehnyt",
)  # fmt: skip
# Words of address that are abbreviations of the field in capitals: MR, MS, FR
ADDRESS = (
    "Herr", "Herrn", "Frau", "Fru", "Frøken", "Hr", "Mrs", "Mr", "Ms", "Miss", "Fr", "Sr", "Sra",
    "Frk", "frk", "Fröken", "Herra", "Rouva",
    "Srta", "Señor", "Señora", "Dra", "Mme", "Mlle", "Pani",
)  # fmt: skip
# Words of other things that, with a colon, stand before a name
LABELS = (
    "operat(?:or|ør|ör|ore|eur)", "opérateur", "operador", "tech", "technician", "signed", "sign",
    "signert", "surgeon", "consultant", "attn", "rekv(?:irent)?", "henviser", "utført(?: av)?",
    "ansvarlig", "arts", "m[ée]dico", "t[ée]cnico", "befunder", "anästhesist", "technikerin",
    "zuweisender arzt", "wykonał", "zlec(?:a|ił)?", "pi", "investigator", "attending", "resident",
    "fellow", "referer", "mother", "father", "mor", "mutter", "vater", "mère", "père", "madre",
    "padre", "far", "verge", "tolk", "besvart av", "omainen",
    "datter", "sønn", "bror", "søster", "kone", "samboer", "anhörig", "kontakt", "att", "nok",
    "(?:(?:pasient|patient)(?:ens )?|etter|efter|for|för)?na[mv]n", "(?:suku|etu)?nimi", "nafn",
    "sjúklingur", "granskning", "担当", "검사", "操作",
)  # fmt: skip
