"""Shares of the slots: never too many, none wasted, nobody left behind."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from campaigns.campaign import CampaignId
from campaigns.shares import Claim, rank, share

TRUNKS = ("a", "b", "c")


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    priority, wants = st.none() | st.integers(1, 3), st.none() | st.integers(0, 9)
    one = st.tuples(st.sampled_from(TRUNKS), st.integers(0, 12), st.integers(0, 12), priority, wants)
    return [Claim(CampaignId(n), *rest) for n, rest in enumerate(draw(st.lists(one, max_size=8)))]


free_lines = st.dictionaries(st.sampled_from(TRUNKS), st.integers(0, 15))


@given(claims=claims(), slots=st.integers(-2, 40), free=free_lines)
def test_never_more_than_the_slots_the_campaigns_lines_and_the_trunks_lines(
    claims: list[Claim], slots: int, free: dict[str, int]
) -> None:
    given_ = share(claims, slots=slots, free=free)
    assert sum(given_.values()) <= max(slots, 0)
    for claim in claims:
        assert given_.get(claim.campaign, 0) <= max(claim.lines - claim.live, 0)
        assert claim.wants is None or given_.get(claim.campaign, 0) <= claim.wants
    for trunk in TRUNKS:
        used = sum(given_.get(claim.campaign, 0) for claim in claims if claim.trunk == trunk)
        assert used <= free.get(trunk, 0)


@given(claims=claims(), slots=st.integers(0, 40), free=free_lines)
def test_no_slot_is_left_while_somebody_could_use_it(claims: list[Claim], slots: int, free: dict[str, int]) -> None:
    given_ = share(claims, slots=slots, free=free)
    if sum(given_.values()) == slots:
        return
    for claim in claims:
        used = sum(given_.get(other.campaign, 0) for other in claims if other.trunk == claim.trunk)
        assert claim.live + given_.get(claim.campaign, 0) >= claim.most or used == free.get(claim.trunk, 0)


@given(claims=claims(), slots=st.integers(0, 40), free=free_lines)
def test_who_gets_a_slot_had_no_more_calls_than_who_could_have_had_it(
    claims: list[Claim], slots: int, free: dict[str, int]
) -> None:
    given_ = share(claims, slots=slots, free=free)
    calls = {claim.campaign: claim.live + given_.get(claim.campaign, 0) for claim in claims}
    for lucky in claims:
        for other in claims:
            wanted_more = calls[other.campaign] < other.most
            equal = lucky.priority == other.priority
            if equal and lucky.trunk == other.trunk and wanted_more and given_.get(lucky.campaign):
                assert calls[lucky.campaign] <= calls[other.campaign] + 1


def test_a_tie_goes_to_the_first() -> None:
    two = [Claim(CampaignId(1), "a", 0, 5), Claim(CampaignId(2), "a", 0, 5)]
    assert share(two, slots=1, free={"a": 9}) == {1: 1}
    assert share(two[::-1], slots=1, free={"a": 9}) == {2: 1}


@given(claims=claims(), slots=st.integers(0, 40), free=free_lines)
def test_R2_8_no_slot_goes_to_a_lower_priority_while_a_higher_one_could_use_it(
    claims: list[Claim], slots: int, free: dict[str, int]
) -> None:
    given_ = share(claims, slots=slots, free=free)
    for lucky in claims:
        for other in claims:
            if rank(other.priority) < rank(lucky.priority) and lucky.trunk == other.trunk:
                satisfied = other.live + given_.get(other.campaign, 0) >= other.most
                assert satisfied or not given_.get(lucky.campaign)


def test_R2_8_numbered_campaigns_go_first_and_all_others_are_equal_after_them() -> None:
    three = [
        Claim(CampaignId(1), "a", 0, 9, None),
        Claim(CampaignId(2), "a", 5, 9, None),
        Claim(CampaignId(3), "a", 5, 9, 2),
        Claim(CampaignId(4), "a", 8, 9, 1),
    ]
    assert share(three, slots=5, free={"a": 99}) == {4: 1, 3: 4}
    assert share(three, slots=8, free={"a": 99}) == {4: 1, 3: 4, 1: 3}


def test_R2_8_a_higher_priority_takes_no_more_than_it_has_leads_for() -> None:
    two = [Claim(CampaignId(1), "a", 0, 9, 1, wants=2), Claim(CampaignId(2), "a", 0, 9, 2)]
    assert share(two, slots=5, free={"a": 99}) == {1: 2, 2: 3}
    assert share([replace(two[0], wants=0), two[1]], slots=5, free={"a": 99}) == {2: 5}
