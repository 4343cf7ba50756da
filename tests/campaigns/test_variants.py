"""SPEC R6.11: a campaign tries versions by shares, and a contact keeps its own."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.campaign import CampaignId, Variant
from campaigns.variants import check_variants, variant_of, variants_from_json, variants_to_json
from core.errors import BadInput

CAMPAIGN = CampaignId(7)
SHARES = st.lists(st.integers(0, 100), min_size=2, max_size=6).filter(any)
CONTACTS = st.integers(1, 2**62)


def variants(shares: list[int]) -> list[Variant]:
    return [Variant(scenario=100 + number, share=share) for number, share in enumerate(shares)]


@given(CONTACTS, SHARES, st.data())
def test_R6_11_a_contact_keeps_its_version_in_whatever_order_they_are_named(
    contact: int, shares: list[int], data: st.DataObject
) -> None:
    mixed = data.draw(st.permutations(variants(shares)))
    assert variant_of(contact, CAMPAIGN, variants(shares)) == variant_of(contact, CAMPAIGN, mixed)


@given(CONTACTS, SHARES, st.data())
def test_R6_11_nobody_leaves_a_version_but_for_one_whose_share_grew_against_it(
    contact: int, shares: list[int], data: st.DataObject
) -> None:
    new = data.draw(st.lists(st.integers(0, 100), min_size=len(shares), max_size=len(shares)).filter(any))
    before = variant_of(contact, CAMPAIGN, variants(shares)) - 100
    after = variant_of(contact, CAMPAIGN, variants(new)) - 100
    assume(before != after)
    assert new[after] * shares[before] > shares[after] * new[before]


@given(CONTACTS, SHARES)
def test_a_version_without_a_share_takes_nobody(contact: int, shares: list[int]) -> None:
    assert shares[variant_of(contact, CAMPAIGN, variants(shares)) - 100] > 0


@pytest.mark.parametrize("shares", [[50, 50], [90, 10], [1, 2, 3]])
def test_R6_11_contacts_are_spread_by_the_shares(shares: list[int]) -> None:
    heard = Counter(variant_of(contact, CAMPAIGN, variants(shares)) for contact in range(20_000))
    for number, share in enumerate(shares):
        wanted = share / sum(shares)
        assert abs(heard[100 + number] / 20_000 - wanted) < 4 * (wanted * (1 - wanted) / 20_000) ** 0.5


def test_another_campaign_mixes_its_contacts_anew() -> None:
    given_ = variants([50, 50])
    same = sum(variant_of(one, CAMPAIGN, given_) == variant_of(one, CampaignId(8), given_) for one in range(2_000))
    assert 850 < same < 1_150


@given(st.lists(st.integers(0, 100), min_size=2, max_size=6).filter(any))
def test_variants_are_stored_and_read_back(shares: list[int]) -> None:
    assert list(variants_from_json(variants_to_json(variants(shares)))) == variants(shares)
    assert variants_from_json(variants_to_json(())) == ()


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ([Variant(1, 100)], "bad_variants"),
        ([Variant(one, 1) for one in range(11)], "bad_variants"),
        ([Variant(1, 50), Variant(1, 50)], "variant_twice"),
        ([Variant(1, 50), Variant(2, 101)], "out_of_range"),
        ([Variant(1, 0), Variant(2, 0)], "no_share"),
    ],
)
def test_variants_that_cannot_be_are_refused(given_: list[Variant], code: str) -> None:
    with pytest.raises(BadInput) as error:
        check_variants(given_)
    assert error.value.code == code


@pytest.mark.parametrize("stored", ["x", [1], [{"scenario": 1}], [{"scenario": "a", "share": 1}]])
def test_stored_variants_that_are_none_are_refused(stored: object) -> None:
    with pytest.raises(BadInput):
        variants_from_json(stored)
