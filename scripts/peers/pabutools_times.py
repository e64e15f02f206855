"""Runs one rule of pabutools on one Pabulib file, in exact fractions, and prints its processor time in seconds,
reading not included, and the ids of the winners.

    python pabutools_times.py FILE RULE
"""

import sys
import time

from pabutools.election import Cardinality_Sat, Cost_Sat, parse_pabulib
from pabutools.election.profile import ApprovalProfile
from pabutools.election.ballot import ApprovalBallot
from pabutools.rules import greedy_utilitarian_welfare, method_of_equal_shares, sequential_phragmen

path, rule = sys.argv[1:3]
instance, profile = parse_pabulib(path)
if not isinstance(profile, ApprovalProfile):
    approved = [
        [project for project in ballot if not hasattr(ballot, "values") or ballot[project] > 0] for ballot in profile
    ]
    profile = ApprovalProfile([ApprovalBallot(projects) for projects in approved], instance=instance)
profile = profile.as_multiprofile()

start = time.process_time()
if rule == "shares-cost":
    winners = method_of_equal_shares(instance, profile, sat_class=Cost_Sat)
elif rule == "shares-cardinality":
    winners = method_of_equal_shares(instance, profile, sat_class=Cardinality_Sat)
elif rule == "greedy":
    winners = greedy_utilitarian_welfare(instance, profile, sat_class=Cardinality_Sat)
elif rule == "phragmen":
    winners = sequential_phragmen(instance, profile)
else:
    sys.exit(f"{rule}: no such rule")
print(f"{time.process_time() - start:.9f}")
print(*(project.name.replace(" ", "_") for project in winners))
