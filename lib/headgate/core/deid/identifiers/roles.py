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
# Words of address that are abbreviations of the field in capitals: MR, MS, FR
ADDRESS = (
    "Herr", "Herrn", "Frau", "Fru", "Frøken", "Hr", "Mrs", "Mr", "Ms", "Miss", "Fr", "Sr", "Sra",
    "Srta", "Señor", "Señora", "Dra", "Mme", "Mlle", "Pani",
)  # fmt: skip
# Words of other things that, with a colon, stand before a name
LABELS = (
    "operat(?:or|ør|ör|ore|eur)", "opérateur", "operador", "tech", "technician", "signed", "sign",
    "signert", "surgeon", "consultant", "attn", "rekv(?:irent)?", "henviser", "utført(?: av)?",
    "ansvarlig", "arts", "m[ée]dico", "t[ée]cnico", "befunder", "anästhesist", "technikerin",
    "zuweisender arzt", "wykonał", "zlec(?:a|ił)?", "pi", "investigator", "attending", "resident",
    "fellow", "referer", "mother", "father", "mor", "mutter", "vater", "mère", "père", "madre",
    "padre", "担当", "검사", "操作",
)  # fmt: skip
