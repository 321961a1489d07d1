"""core.few_in_reach: on whose days the answer to a request hangs, where fewer than five could meet it."""

THERAPISTS = """
    | therapist | team_id | valid_to   |
    | Ana       | T1      |            |
    | Ben       | T1      |            |
    | Cem       | T2      |            |
    | Dua       | T2      |            |
    | Eve       | T2      |            |
    | Fay       | T2      |            |
    | Gil       | T1      | 2026-09-20 |
"""
PROFILES = """
    | therapist | specialties         | languages | modalities | valid_from |
    | Ana       | grief; sleep; panic | de        | video      |            |
    | Ben       | grief               | de; en    | video      |            |
    | Cem       | grief; sleep        | de        |            |            |
    | Dua       | grief; sleep        | de        | video      | 2026-11-05 |
    | Eve       | grief               | de        | video      |            |
    | Fay       | grief; sleep        | en        | video      |            |
    | Gil       | panic               | de        | video      |            |
"""
# Eve declared no threshold, Dua no profile until November, Gil left in September
THRESHOLDS = "| therapist | valid_from | daily_sessions |\n" + "".join(
    f"| {name} | 2026-01-01 | 1 |\n" for name in ("Ana", "Ben", "Cem", "Dua", "Fay", "Gil")
)


def few(built, request, **changes):
    requests = f"""
        | request | client | requested_at         | team_id | needs | language | modality |
        | r1      | c1     | 2026-10-01T08:00:00Z | {request} |
    """
    tables = {"therapists": THERAPISTS, "profiles": PROFILES, "thresholds": THRESHOLDS, "requests": requests, **changes}
    return {row["need"]: row["therapist_keys"] for row in built("few_in_reach", "need therapist_keys", **tables)}


def test_few_are_those_in_reach_who_declare_a_need_or_three_quarters_of_all(built):
    assert few(built, "   | grief | | ") == {"grief": "Ana; Ben; Cem; Fay", "": "Ana; Ben; Cem; Fay"}
    assert few(built, "T1 | grief; sleep | | ") == {"grief": "Ana; Ben", "sleep": "Ana", "": "Ana"}
    assert few(built, "   | grief; sleep; panic; hope | | ") == {
        "grief": "Ana; Ben; Cem; Fay", "sleep": "Ana; Cem; Fay", "panic": "Ana", "": "Ana",
    }  # fmt: skip
    assert few(built, "   | sleep | de | video ") == {"sleep": "Ana", "": "Ana"}
    assert few(built, "   | gambling | | ") == {}
    assert few(built, "   | | | ") == {}


def test_five_are_not_few(built):
    eve = THRESHOLDS + "| Eve | 2026-10-31 | 1 |\n"
    assert few(built, "   | grief; sleep | | ", thresholds=eve) == {"sleep": "Ana; Cem; Fay", "": "Ana; Cem; Fay"}
    assert "Eve" in few(built, "T2 | grief | | ", thresholds=eve)["grief"]
    later = THRESHOLDS + "| Eve | 2026-11-01 | 1 |\n"
    assert "Eve" not in few(built, "T2 | grief | | ", thresholds=later)["grief"]


def test_whoever_is_full_all_month_is_in_reach_all_the_same(built):
    """What hangs on them is that nobody has room."""
    full = """
        | session | therapist | client | starts_at            | status   |
        | s1      | Ana       | c9     | 2026-10-01T08:00:00Z | attended |
    """
    assert few(built, "T1 | panic | | ", sessions=full) == {"panic": "Ana", "": "Ana"}
