"""Names of people around the patient, told by what they are, do, or are to the patient."""

import pytest
from headgate.core.deid.clean import cut_anybody
from headgate.core.deid.identifiers.telling import NOBODY


@pytest.mark.parametrize(
    "before",
    [
        "turnuslege", "LIS1", "vakthavende", "spl.", "stråleterapeut", "bioingeniør",
        "nevrolog", "overlæge", "læge", "sygeplejerske", "överläkare", "distriktsläkare",
        "röntgensjuksköterska", "ssk", "ylilääkäri", "röntgenhoitaja", "læknir", "jordmor",
        "assistert av", "Godkjent av", "Vurdert av", "Tilvist av", "Skrevet av", "konferert med",
        "utført ved", "importert av", "opererad av", "segmentert av", "Tatt av", "kontrolleret af",
        "v/", "att.", "svar til", "ring", "ringte til", "kontakt", "Potilas", "pasienten", "kuvannut",
        "Frk.", "Rouva", "Etternavn:", "Patientens namn:", "Sukunimi:", "Fornavn", "henv. av",
        "remitterad från", "henvist frå", "lausunut", "rekv.", "Rekvirent",
        "Hilsen", "Mvh", "heter", "hedder", "född",
    ],
)  # fmt: skip
def test_a_name_after_who_somebody_is_or_what_they_did_is_cut(before):
    assert cut_anybody(f"Knee; {before} Ane Dahl, tse", NOBODY) == "Knee; , tse"


@pytest.mark.parametrize(
    "relative",
    [
        "mor", "Mora", "svigermor", "bestefar", "far", "faren", "far:", "sønnen", "dottera",
        "Pasientens datter", "Ektefellen", "samboer", "kona", "søster", "syster", "tolk:", "verge",
        "kontaktperson", "anhörig", "dottern", "maka", "sonen", "manden", "äiti", "vaimo", "omainen:",
        "mor,", "mor er", "Mor -", "tytär", "dóttir", "eiginmaður", "daughter", "Tochter",
    ],
)  # fmt: skip
def test_so_is_one_after_what_somebody_is_to_the_patient(relative):
    left = cut_anybody(f"Knee; {relative} Ane-Lise Dahl er med", NOBODY)
    assert left in ("Knee; er med", "Knee; Pasientens er med")


@pytest.mark.parametrize(
    "text",
    [
        "Far Wall IMT", "Far Gain 50", "far hadde kreft", "mor ALS", "mor BRCA2 positiv",
        "søster med brystkreft", "Kone Beam CT", "MR Mamma Bilateral", "MR mamma Høyre", "Rekv. MR",
        "Rekv. Albue", "Rekvirert undersøkelse CT", "Imperial College London", "Utført ved Hofte",
        "utført ved 3T", "Godkjent av EMA", "konferert med TNM", "LIS1 mutasjon", "SPL Axial",
        "Født Prematur", "født til termin", "Kardiolog Kontroll", "Henvist fra Poliklinikk",
        "Snitt av Ilium", "bakkant av Skjelett", "Fremstilt av Kontrast", "Snitt av Albue", "CT av Lever", "anbefalt av EMA", "mor, Barn 5", "Ring Artefakt", "PT Volume",
        "v/ Hofte", "Filnavn: Hode", "Pas. Klaustrofobisk", "lege tilstede", "Tolk bestilt", "Hilsen", "isä 5", "Mann 65 år",
    ],
)  # fmt: skip
def test_the_same_words_stay_where_no_name_follows(text):
    assert cut_anybody(text, NOBODY) == text
