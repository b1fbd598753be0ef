"""Publishing: a draft is decided in shadow, goes live with a second person's approval, and is retired one day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.utils import timezone

from assay.core.errors import BadDefinitions, BadRequest
from assay.node.access.actions import Actor, Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission
from assay.node.rulebook import drafting, editions
from assay.node.rulebook.candidates import Candidate, GoingLive, NewVersion
from assay.node.rulebook.editions import Contents
from assay.node.rulebook.models import Draft, Edition, RuleVersion, Status, Step
from assay.node.rulebook.texts import examples_path, rule_path, says_the_same, with_statuses

_SUBJECT = "rule"


@action("decide a rule in shadow", Permission.PUBLISH_RULES)
def start_shadow(audit: Audit, new: NewVersion) -> RuleVersion:
    """Publish a version and decide it in shadow: recorded, never handed off. What was in shadow before is retired."""
    last = _held(new)
    known = RuleVersion.objects.filter(rule=new.rule, version=new.version).first()
    if known is not None and known.status == Status.LIVE:
        raise BadRequest(
            f"Version {new.version} of {new.rule} is live already",
            mend=f"Write 'version: {new.version + 1}' to change what it means, or take the change into use as it is.",
        )
    own = Draft.objects.filter(path__in=[rule_path(new.rule), examples_path(new.rule)])
    for draft in own:
        if not says_the_same(draft.path, draft.text, new.files.get(draft.path)):
            raise _changed(draft.path)
    shadows = _stop_shadow(audit, new.rule, last.shadows)
    if known is not None:
        known.refresh_from_db()
    now, by = timezone.now(), editions.user(audit.actor)
    version = known or RuleVersion(rule=new.rule, version=new.version, published=new.published)
    version.fingerprint = new.fingerprint
    version.status = Status.SHADOW
    version.files, version.edition = dict(new.files), last.number
    version.published_at, version.author = now, by
    version.asked_at = version.asked_by = version.live_at = version.approved_by = None
    version.retired_at = version.retired_by = None
    version.save()
    own.delete()
    contents = Contents(texts=last.texts, shadows={**shadows, str(version): version.published})
    _step(audit, last, contents, Step.SHADOW, [version])
    return version


@action("ask for a rule to go live", Permission.PUBLISH_RULES)
def ask(audit: Audit, version_id: int) -> RuleVersion:
    """Ask a second person to let a version in shadow go live."""
    version = _version(version_id, Status.SHADOW)
    version.asked_at, version.asked_by = timezone.now(), editions.user(audit.actor)
    version.save(update_fields=["asked_at", "asked_by"])
    audit.write(_SUBJECT, version, before={}, after={"asked": True})
    return version


@action("turn down a rule that was to go live", Permission.PUBLISH_RULES)
def turn_down(audit: Audit, version_id: int) -> RuleVersion:
    """Leave a version in shadow that somebody asked to go live; who asked may take it back so, too."""
    version = _version(version_id, Status.SHADOW)
    version.asked_at = version.asked_by = None
    version.save(update_fields=["asked_at", "asked_by"])
    audit.write(_SUBJECT, version, before={"asked": True}, after={"asked": False})
    return version


@action("let a rule go live", Permission.PUBLISH_RULES)
def approve(audit: Audit, going: GoingLive) -> Edition:
    """Let versions in shadow go live that somebody else wrote and asked for; the versions before them are retired."""
    last = _held(going)
    now, by = timezone.now(), editions.user(audit.actor)
    versions = [_version(one.pk, Status.SHADOW) for one in going.versions]
    if versions[0].asked_at is None:
        raise BadRequest(f"Nobody asked for {versions[0]} to go live", mend="Ask first, so that both agree on it.")
    for version, shown in zip(versions, going.versions, strict=True):
        if (version.published, version.files) != (shown.published, shown.files):
            raise _changed(str(version))
        demand_second_person(audit.actor, [version.author_id, version.asked_by_id])
    shadows = dict(last.shadows)
    for version in versions:
        shadows.pop(str(version), None)
        _retire(audit, RuleVersion.objects.filter(rule=version.rule, status=Status.LIVE))
        audit.write(_SUBJECT, version, before={"status": version.status}, after={"status": Status.LIVE})
        version.status, version.live_at, version.approved_by = Status.LIVE, now, by
        version.save()
    return _step(audit, last, Contents(texts=going.texts, shadows=shadows), Step.LIVE, versions)


@action("retire a rule", Permission.PUBLISH_RULES)
def retire(audit: Audit, version_id: int, after: Candidate) -> Edition:
    """Decide a version no more. One person may do so: it stops what may be wrong, and hands nothing to anybody."""
    last = _held(after)
    version = RuleVersion.objects.filter(pk=version_id).exclude(status=Status.RETIRED).first()
    if version is None:
        raise BadRequest("This version is retired already", mend="Open the rule again.")
    _retire(audit, [version])
    shadows = {name: text for name, text in last.shadows.items() if name != str(version)}
    return _step(audit, last, Contents(texts=after.texts, shadows=shadows), Step.RETIRE, [version])


@action("ask for a change to be taken into use", Permission.EDIT_RULES)
def ask_amendment(audit: Audit, paths: Iterable[str]) -> None:
    """Ask a second person to take drafts into use that change no rule's meaning."""
    now, by = timezone.now(), editions.user(audit.actor)
    for draft in Draft.objects.filter(path__in=list(paths)):
        draft.asked_at, draft.asked_by = now, by
        draft.save(update_fields=["asked_at", "asked_by"])
        audit.write("definition", draft.path, before={}, after={"asked": True})
    if not audit.rows:
        raise BadRequest("There is nothing being written here", mend="Open the file again.")


@action("take a change into use", Permission.PUBLISH_RULES)
def amend(audit: Audit, change: Candidate) -> Edition:
    """Take drafts into use that change no rule's meaning and that somebody else wrote and asked for."""
    last = _held(change)
    drafts = list(Draft.objects.filter(path__in=list(change.files)))
    if not drafts or any(draft.asked_at is None for draft in drafts):
        raise BadRequest("Nobody asked for this to be taken into use", mend="Ask first, so that both agree on it.")
    if with_statuses({draft.path: draft.text for draft in drafts}, "live") != change.files:
        raise _changed(", ".join(change.files))
    for draft in drafts:
        demand_second_person(audit.actor, [draft.changed_by_id, draft.asked_by_id])
        after = drafting.digest(change.files[draft.path])
        audit.write("definition", draft.path, before={}, after={"text": after})
        draft.delete()
    about = ", ".join(change.files)
    contents = Contents(texts=change.texts, shadows=last.shadows)
    return editions.made(
        last, contents, Step.AMEND, about, by=drafts[0].asked_by or audit.actor, approved_by=audit.actor
    )


def demand_second_person(actor: Actor, others: Iterable[int | None]) -> None:
    """Raise BadRequest where the actor would approve what is the actor's own, and may not."""
    if isinstance(actor, User) and actor.pk in set(others) and not may_approve_own(actor):
        others_there = _others(actor)
        whom = f"Ask {', '.join(map(str, others_there[:3]))}." if others_there else _ALONE
        raise BadRequest("A second person must approve what you wrote or asked for", mend=whom)


_ALONE = "Invite somebody who may publish, or set ASSAY_SELF_APPROVAL=1 for as long as you are alone."


def may_approve_own(actor: User) -> bool:
    """Tell whether the settings let somebody approve alone: only as long as nobody else could."""
    return bool(settings.ASSAY.allows_self_approval) and not _others(actor)


def _others(actor: User) -> list[User]:
    roles = list(MAY[Permission.PUBLISH_RULES])
    return list(User.objects.filter(is_active=True, role__in=roles).exclude(pk=actor.pk))


def _held(candidate: Candidate) -> Edition:
    """Return the latest edition, held; raise for a candidate that has complaints or was worked out over another one."""
    if candidate.complaints:
        raise BadDefinitions(candidate.complaints)
    last = editions.held()
    if last is None:
        return Edition(number=0, texts={}, shadows={})
    if last.number != candidate.edition:
        who = f" by {last.approved_by or last.made_by}" if last.approved_by or last.made_by else ""
        raise BadRequest(
            f"Something else was published meanwhile: edition {last.number}{who}, {last.about or 'a folder'}",
            mend="Look at what that changed, and publish again if it still fits.",
        )
    return last


def _changed(what: str) -> BadRequest:
    return BadRequest(f"{what[:200]} was changed meanwhile", mend="Look at it again, and do it then if it still fits.")


def _version(version_id: int, status: Status) -> RuleVersion:
    found = RuleVersion.objects.select_for_update().filter(pk=version_id).first()
    if found is None or found.status != status:
        now = "there" if found is None else found.get_status_display().lower()
        raise BadRequest(
            f"This version is no longer in {status}" if found else "There is no such version",
            value=now if found else "",
            mend="Open the rule again.",
        )
    return found


def _stop_shadow(audit: Audit, rule: str, shadows: Mapping[str, str]) -> dict[str, str]:
    """Retire the version of a rule that is in shadow; return the shadows without it."""
    before = list(RuleVersion.objects.filter(rule=rule, status=Status.SHADOW))
    _retire(audit, before)
    gone = set(map(str, before))
    return {name: text for name, text in shadows.items() if name not in gone}


def _retire(audit: Audit, versions: Iterable[RuleVersion]) -> None:
    for version in versions:
        audit.write(_SUBJECT, version, before={"status": version.status}, after={"status": Status.RETIRED})
        version.status, version.retired_at = Status.RETIRED, timezone.now()
        version.retired_by = editions.user(audit.actor)
        version.save(update_fields=["status", "retired_at", "retired_by"])


def _step(audit: Audit, last: Edition, contents: Contents, step: Step, versions: Iterable[RuleVersion]) -> Edition:
    """Make the next edition and forget drafts that it holds."""
    those = list(versions)
    asked = those[0].asked_by if step == Step.LIVE else None
    edition = editions.made(
        last if last.number else None,
        contents,
        step,
        ", ".join(map(str, those)),
        by=asked or audit.actor,
        approved_by=audit.actor if step == Step.LIVE else None,
    )
    audit.write("edition", edition.number, before={"number": last.number}, after={"number": edition.number})
    drafting.settle(edition)
    return edition
