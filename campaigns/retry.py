"""When a lead is called again, on which of its phones, or why never (SPEC R3.1–R3.6).

Each phone keeps its own books: the row of equal results at its end, how many calls count against the maximum, and
until when it rests. A system error on our side is left out of all of them but its own row. Between the phones the
turn goes round in their order, so no phone is called twice in a row while another has attempts left.

A lead that was returned to dialling (R2.6) either begins anew: the calls before count no more; or keeps its counters
and gets some calls more, during which only the blacklist and a non-existent number end a phone. That it was reached
before it was returned does not end it again.

A callback that somebody asked for is a promise: it goes to the phone where it was asked for, at the instant that
was asked for, and the maximum of calls does not break it; only the limit of `callback_requested` in a row does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from campaigns.campaign import RetryPolicy
from campaigns.leads import NEVER_RETURNED, CallAt, Exhausted, Next, PastCall, Reached, Returned
from core.results import REACHED, CallResult


def next_call(
    past: Sequence[PastCall],
    phones: int,
    policy: RetryPolicy,
    *,
    blacklisted: frozenset[int] = frozenset(),
    added_at: datetime | None = None,
    callback_at: datetime | None = None,
    returned: Returned = NEVER_RETURNED,
) -> Next:
    """Says what comes after the calls `past` (oldest first) to a lead with `phones` phones.

    `added_at` is when a lead that was never called, or was returned as new, may be called first; `callback_at` is the
    instant that the person asked for in the last call. The instant that is returned is in UTC and never before the
    last call's end.
    """
    fresh = max(returned.counted_from, returned.extra_from)
    if any(call.result in REACHED for call in past[fresh:]):
        return Reached()
    ended = exhausted_phones(past, phones, policy, returned=returned)
    past = past[returned.counted_from :]
    barred = blacklisted | {call.phone for call in past if call.result is CallResult.BLACKLISTED}
    placed = [call for call in past if call.result is not CallResult.BLACKLISTED]
    callable_ = [phone for phone in range(phones) if phone not in barred and phone not in ended]
    if not callable_:
        return Exhausted()
    if not placed:
        return CallAt(callable_[0], _first_instant(past, added_at))
    last = placed[-1]
    if callback_at is not None:
        phone = last.phone if last.phone in callable_ else callable_[0]
        return CallAt(phone, max(_utc(callback_at), _utc(past[-1].ended_at)))
    phone = min(callable_, key=lambda candidate: (candidate - last.phone - 1) % max(phones, last.phone + 1))
    return CallAt(phone, max(_rested(phone, placed, policy), _utc(past[-1].ended_at)))


def exhausted_phones(
    past: Sequence[PastCall], phones: int, policy: RetryPolicy, *, returned: Returned = NEVER_RETURNED
) -> frozenset[int]:
    """Which phones the calls `past` used up, whatever the blacklist says."""
    counted = past[returned.counted_from :]
    placed = [call for call in counted if call.result is not CallResult.BLACKLISTED]
    more = sum(call.result is not CallResult.BLACKLISTED for call in past[returned.extra_from :]) < returned.extra_calls
    is_over = _is_nonexistent if more else _exhausted
    return frozenset(phone for phone in range(phones) if is_over(_calls_to(phone, placed), policy))


def _calls_to(phone: int, placed: Sequence[PastCall]) -> list[PastCall]:
    return [call for call in placed if call.phone == phone]


def _is_nonexistent(calls: Sequence[PastCall], _: RetryPolicy) -> bool:
    """Whether one of these calls told that there is no such number."""
    return any(call.result is CallResult.NONEXISTENT_NUMBER for call in calls)


def _exhausted(calls: Sequence[PastCall], policy: RetryPolicy) -> bool:
    """Whether these calls to one phone used it up."""
    if not calls:
        return False
    counted = [call.result for call in calls if call.result is not CallResult.SYSTEM_ERROR]
    if _is_nonexistent(calls, policy):
        return True
    if _row_is_full([call.result for call in calls], policy) or _row_is_full(counted, policy):
        return True
    promised = bool(counted) and counted[-1] is CallResult.CALLBACK_REQUESTED
    return len(counted) >= policy.max_calls and not promised


def _row_is_full(results: Sequence[CallResult], policy: RetryPolicy) -> bool:
    """Whether the last result came in a row as often as it may; one without a limit may not come at all."""
    if not results:
        return False
    last = results[-1]
    row = sum(1 for _ in takewhile(lambda result: result is last, reversed(results)))
    return row >= policy.limits.get(last, 0)


def _first_instant(past: Sequence[PastCall], added_at: datetime | None) -> datetime:
    """When a lead without a placed call may be called: at once, since nobody's telephone has rung yet."""
    known = [call.ended_at for call in past] + ([added_at] if added_at is not None else [])
    if not known:
        raise ValueError("a lead without any call needs `added_at`")
    return max(_utc(instant) for instant in known)


def _rested(phone: int, placed: Sequence[PastCall], policy: RetryPolicy) -> datetime:
    """When `phone` has waited as its own last result wants, and the lead as the gap between phones wants."""
    last = placed[-1]
    at = _utc(last.ended_at) + (timedelta() if last.phone == phone else policy.phone_gap)
    if own := _calls_to(phone, placed):
        at = max(at, _utc(own[-1].ended_at) + policy.waits.get(own[-1].result, timedelta()))
    return at


def _utc(instant: datetime) -> datetime:
    """The instant in UTC, where adding a duration is not bent by a zone's clock changes."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)
