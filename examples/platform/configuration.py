"""The rapport.toml that an operator of the simulated platform would write. Nothing planted is named."""

from __future__ import annotations

RAPPORT_TOML = """\
# Lindenhof Care, a platform that does not exist: written by `rapport demo`, free to be changed.

[organisation]
name = "Lindenhof Care"
timezone = "Europe/Berlin"

[calendar]
closing_lag_days = 10

# Two small teams that are published together.
[[unit]]
name = "Harbour and Quay"
teams = ["T03", "T04"]

# What figures of the organisation are broken down by; days and times of day need no declaration.
[breakdowns.modality]
"in person" = ["in_person"]
"remote" = ["video", "phone"]
[breakdowns.kind]
"individual" = ["individual"]
"couples and groups" = ["couple", "group"]
# What requests ask for, each a figure of its own, in the normal form of words: small letters, blanks for hyphens.
[breakdowns.need]
"anxiety" = ["anxiety"]
"depression" = ["depression"]
"grief" = ["grief"]
"trauma" = ["trauma"]
"relationships" = ["relationships"]
"burnout" = ["burnout"]
"self-esteem" = ["self esteem"]
"family conflict" = ["family conflict"]
"sleep" = ["sleep"]
"identity" = ["identity"]
"chronic illness" = ["chronic illness"]
"addiction" = ["addiction"]
"parenting" = ["parenting"]
"gambling" = ["gambling"]

# Sessions as the booking platform exports them. Times carry an offset, but for a few entered by hand.
[[source]]
table = "sessions"
files = ["source/sessions-*.csv", "source/sessions-*.csv.gz"]
timezone = "Europe/Berlin"
time_formats = ["%d.%m.%Y %H:%M"]
[source.columns]
session_id = "appointment_id"
therapist_id = "clinician"
client_id = "client"
starts_at = "start"
duration_minutes = "minutes"
status = "state"
kind = "type"
modality = "channel"
booked_at = "booked"
cancelled_at = "cancelled"
updated_at = "changed"
group_session_id = "group_id"
[source.values.status]
"Completed" = "attended"
"No-show" = "no_show"
"No show" = "no_show"
"Cancelled by client" = "cancelled_by_client"
"Client cancelled" = "cancelled_by_client"
"Cancelled by therapist" = "cancelled_by_therapist"
"Therapist cancelled" = "cancelled_by_therapist"
"Cancelled by platform" = "cancelled_by_platform"
"Booked" = "scheduled"
[source.values.modality]
"Video" = "video"
"in person" = "in_person"

# Sessions of the Orchard team, once a practice with software of its own: wall-clock times, numbered states.
[[source]]
table = "sessions"
files = "source/practice-*.csv"
delimiter = ";"
encoding = "latin-1"
timezone = "Europe/Berlin"
time_formats = ["%d.%m.%Y %H:%M"]
[source.columns]
session_id = "Terminnummer"
therapist_id = "Behandler"
client_id = "Klient"
starts_at = "Beginn"
ends_at = "Ende"
status = "Status"
kind = "Form"
modality = "Durchführung"
booked_at = "Vereinbart am"
cancelled_at = "Abgesagt am"
group_session_id = "Gruppe"
[source.values.status]
"1" = "scheduled"
"2" = "no_show"
"02" = "no_show"
"3" = "attended"
"03" = "attended"
"4" = "cancelled_by_client"
"04" = "cancelled_by_client"
"5" = "cancelled_by_therapist"
"05" = "cancelled_by_therapist"
"6" = "cancelled_by_platform"
[source.values.kind]
"Einzel" = "individual"
"Paar" = "couple"
"Gruppe" = "group"
[source.values.modality]
"Video" = "video"
"Praxis" = "in_person"
"Telefon" = "phone"

[[source]]
table = "therapists"
files = "source/therapists.csv"
[source.columns]
therapist_id = "clinician"
team_id = "team"
valid_from = "from"
valid_to = "until"

[[source]]
table = "teams"
files = "source/teams.csv"
[source.columns]
team_id = "team"
team_name = "name"

[[source]]
table = "thresholds"
files = "source/thresholds.csv"
[source.columns]
therapist_id = "clinician"
valid_from = "since"
daily_sessions = "sessions_a_day"
min_break_minutes = "least_break"
day_starts = "day_from"
day_ends = "day_until"

[[source]]
table = "profiles"
files = "source/profiles.csv"
[source.columns]
therapist_id = "clinician"
valid_from = "since"
modalities = "channels"
visible_to_clients = "visible"

[[source]]
table = "requests"
files = "source/requests-*.csv"
[source.columns]
request_id = "request"
client_id = "client"
requested_at = "requested"
team_id = "team"
modality = "channel"
tolerated_wait_days = "can_wait_days"
therapist_id = "clinician"
paired_at = "paired"
pairing_basis = "basis"
[source.values.paired_by]
"Client" = "client"
"Coordinator" = "coordinator"
"Algorithm" = "algorithm"

[[source]]
table = "feedback"
files = "source/feedback-*.csv"
[source.columns]
session_id = "appointment"
submitted_at = "submitted"
closer_to_understanding = "understanding"

[[source]]
table = "endings"
files = "source/endings-*.csv"
[source.columns]
client_id = "client"
therapist_id = "clinician"
ended_on = "ended"
earlier_than_client_wanted = "before_client_wished"
earlier_than_therapist_planned = "before_therapist_planned"
"""
