"""core.room and core.pairings: who had room, who fitted, and what an earlier slot cost."""

THERAPISTS = """
    | therapist | team_id | valid_to   |
    | Ana       | T1      |            |
    | Ben       | T1      |            |
    | Cem       | T2      |            |
    | Dua       | T1      | 2026-10-04 |
"""
PROFILES = """
    | therapist | specialties         | languages | modalities | visible_to_clients |
    | Ana       | grief; sleep; panic | de        | video      | true               |
    | Ben       | grief               | de; en    | video      | false              |
    | Cem       | grief; sleep        | de        |            |                    |
    | Dua       | sleep               | de        | video      |                    |
"""
THRESHOLDS = """
    | therapist | valid_from | daily_sessions |
    | Ana       | 2026-01-01 | 1              |
    | Ben       | 2026-01-01 | 1              |
    | Cem       | 2026-01-01 | 2              |
"""
# All see clients on Thursdays, 1 and 8 October, and so work on Thursdays; Ben on Fridays too.
# Ana is full on the 1st, the 8th and the 15th, Ben on the 1st, 2nd and 8th, Cem never.
SESSIONS = """
    | session | therapist | client | starts_at            | status   | booked_at            |
    | s1      | Ana       | c1     | 2026-10-01T08:00:00Z | attended | 2026-09-10T08:00:00Z |
    | s2      | Ana       | c1     | 2026-10-08T08:00:00Z | attended | 2026-09-10T08:00:00Z |
    | s3      | Ana       | c1     | 2026-10-15T08:00:00Z | attended | 2026-09-10T08:00:00Z |
    | s4      | Ben       | c2     | 2026-10-01T08:00:00Z | attended | 2026-09-10T08:00:00Z |
    | s5      | Ben       | c2     | 2026-10-08T08:00:00Z | attended | 2026-09-10T08:00:00Z |
    | s6      | Ben       | c3     | 2026-10-02T08:00:00Z | attended | 2026-09-10T08:00:00Z |
    | s7      | Ben       | c3     | 2026-10-09T08:00:00Z | attended | 2026-10-05T08:00:00Z |
    | s8      | Cem       | c4     | 2026-10-01T08:00:00Z | attended |                      |
    | s9      | Cem       | c4     | 2026-10-08T08:00:00Z | attended |                      |
"""
PLATFORM = {
    "therapists": THERAPISTS,
    "profiles": PROFILES,
    "thresholds": THRESHOLDS,
    "sessions": SESSIONS,
}


def room(built, **changes):
    rows = built("room", "therapist asked_on room_in_days", **{**PLATFORM, **changes})
    return {(row["therapist"], row["asked_on"]): row["room_in_days"] for row in rows}


def test_room_is_the_first_working_day_under_the_own_threshold(built):
    found = room(built)
    assert found["Ana", "2026-10-01"] == "21"  # 22 October
    assert found["Ana", "2026-10-22"] == "0"
    assert found["Cem", "2026-10-01"] == "0"
    assert found["Cem", "2026-10-02"] == "6"
    assert not [asked for therapist, asked in found if therapist == "Dua"]  # no threshold, no room


def test_what_is_booked_later_was_free_unless_its_client_was_in_care(built):
    found = room(built)
    # c3 was first seen on the 2nd, and comes again on the 9th: not free, though booked on the 5th
    assert found["Ben", "2026-10-01"] == "8"
    assert found["Ben", "2026-10-02"] == "13"  # now the 9th is c3's; Thursday, the 15th
    new_client = SESSIONS.replace("| s7      | Ben       | c3     |", "| s7      | Ben       | c9     |")
    assert room(built, sessions=new_client)["Ben", "2026-10-02"] == "7"


def test_a_cancelled_place_is_free_from_the_day_of_the_cancellation(built):
    cancelled = """
        | session | therapist | client | starts_at            | status              | booked_at            | cancelled_at         |
        | s1      | Ana       | c1     | 2026-10-01T08:00:00Z | attended            | 2026-09-10T08:00:00Z |                      |
        | s2      | Ana       | c1     | 2026-10-08T08:00:00Z | cancelled_by_client | 2026-09-10T08:00:00Z | 2026-10-05T08:00:00Z |
        | s3      | Ana       | c1     | 2026-10-15T08:00:00Z | attended            | 2026-09-10T08:00:00Z |                      |
    """
    found = room(built, sessions=cancelled)
    assert found["Ana", "2026-10-04"] == "18"
    assert found["Ana", "2026-10-05"] == "3"


def test_a_group_takes_one_place(built):
    group = """
        | session | therapist | client | starts_at            | status   | group_session |
        | s1      | Cem       | c1     | 2026-10-01T08:00:00Z | attended | g1            |
        | s2      | Cem       | c2     | 2026-10-01T08:00:00Z | attended | g1            |
        | s3      | Cem       | c1     | 2026-10-08T08:00:00Z | attended |               |
        | s4      | Cem       | c2     | 2026-10-08T10:00:00Z | attended |               |
    """
    found = room(built, sessions=group)
    assert found["Cem", "2026-10-01"] == "0"
    assert found["Cem", "2026-10-08"] == "7"


def pairings(built, columns, requests, **changes):
    return built("pairings", columns, **{**PLATFORM, **changes}, requests=requests)


def test_the_best_feasible_fit_is_among_those_with_room_within_the_wait(built, drawn):
    found = pairings(
        built, "request fit feasible_therapists best_feasible_fit room_in_days better_fit_in_days three_quarters_in_days",
        """
            | request | client | requested_at         | needs               | tolerated_wait_days | therapist | paired_at            |
            | r1      | c11    | 2026-10-01T08:00:00Z | grief; sleep        | 28                  | Ben       | 2026-10-02T08:00:00Z |
            | r2      | c12    | 2026-10-01T08:00:00Z | grief; sleep; panic | 14                  | Ben       | 2026-10-02T08:00:00Z |
            | r3      | c13    | 2026-10-01T08:00:00Z | grief; sleep; panic | 28                  | Ana       | 2026-10-02T08:00:00Z |
            | r4      | c14    | 2026-10-31T08:00:00Z | panic               | 14                  |           |                      |
        """,
    )  # fmt: skip
    # Cem has room at once; Ben on the 9th; Ana on the 22nd. On the 31st, Ana on 5 November
    assert found == drawn("""
            | request | fit      | feasible_therapists | best_feasible_fit | room_in_days | better_fit_in_days | three_quarters_in_days |
            | r1      | 0.5      | 3                   | 1                 | 8            | 0                  | 0                      |
            | r2      | 0.333333 | 2                   | 0.666667          | 8            | 0                  | 21                     |
            | r3      | 1        | 3                   | 1                 | 21           |                    | 21                     |
            | r4      |          | 3                   | 1                 |              |                    | 5                      |
    """)


def test_hard_requirements_and_the_team_that_was_asked_bound_who_is_feasible(built, drawn):
    found = pairings(
        built, "request feasible_therapists best_feasible_fit uncovered_needs",
        """
            | request | client | requested_at         | team_id | needs        | language | modality | tolerated_wait_days |
            | r1      | c11    | 2026-10-01T08:00:00Z |         | sleep        | en       |          | 28                  |
            | r2      | c12    | 2026-10-01T08:00:00Z | T2      | grief; panic |          |          | 28                  |
            | r3      | c13    | 2026-10-01T08:00:00Z |         | gambling     |          | video    | 28                  |
            | r4      | c14    | 2026-10-01T08:00:00Z |         | grief        | pt       |          | 28                  |
        """,
    )  # fmt: skip
    # only Ben speaks English; Cem alone is in T2, and names no modality: whether by video is unknown, and so not feasible
    assert found == drawn("""
            | request | feasible_therapists | best_feasible_fit | uncovered_needs |
            | r1      | 1                   | 0                 | sleep           |
            | r2      | 1                   | 0.5               | panic           |
            | r3      | 2                   | 0                 | gambling        |
            | r4      | 0                   |                   | grief           |
    """)


def test_what_became_of_a_request_is_told_apart_and_the_unknown_stays_unknown(built, drawn):
    found = pairings(
        built, "request outcome fit is_language_met is_modality_met was_profile_visible",
        """
            | request | client | requested_at         | needs | language | modality | therapist | paired_at            |
            | r1      | c11    | 2026-10-01T08:00:00Z |       | de       |          | Ana       | 2026-10-02T08:00:00Z |
            | r2      | c12    | 2026-10-01T08:00:00Z | sleep |          | video    |           |                      |
            | r3      | c13    | 2026-10-01T08:00:00Z | sleep |          |          | Dua       | 2026-10-06T08:00:00Z |
            | r4      | c14    | 2026-10-01T08:00:00Z | sleep | en       | video    | Cem       | 2026-10-02T08:00:00Z |
            | r5      | c15    | 2026-10-01T08:00:00Z | sleep | en       | video    | Eda       | 2026-10-02T08:00:00Z |
        """,
        therapists=THERAPISTS + "    | Eda       | T1      |            |\n",
    )  # fmt: skip
    assert found == drawn("""
            | request | outcome            | fit | is_language_met | is_modality_met | was_profile_visible |
            | r1      | paired             |     | yes             |                 | yes                 |
            | r2      | not_paired         |     |                 |                 |                     |
            | r3      | therapist_had_left | 1   |                 |                 |                     |
            | r4      | paired             | 1   | no              |                 |                     |
            | r5      | paired             |     |                 |                 |                     |
    """)
