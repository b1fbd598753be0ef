"""`assay users`: who may come into the node, told on the machine itself."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from assay.cli import screen
from assay.cli.serve import DEFAULT_FOLDER, DataFolder, demand_node
from assay.core.errors import BadRequest

if TYPE_CHECKING:
    from assay.node.access.models import User

users = App(name="users", help="Who may come into the server: add users, make one-time links, list them.", sort_key=99)
_BY = "assay users"


@users.command
def add(
    email: str,
    /,
    *,
    role: Annotated[str, Parameter(help="rep, csm, marketer, revops or admin.")],
    name: str = "",
    password: Annotated[bool, Parameter(help="Ask for a password here, instead of printing a one-time link.")] = False,
    data_folder: DataFolder = DEFAULT_FOLDER,
) -> int:
    """Add a user, and print the one-time link by which a password is chosen."""
    typed = _typed_password() if password else ""
    demand_node()
    from assay.node.serving.visiting import visited

    with visited(data_folder):
        from django.db import transaction

        from assay.node.access import users as actions
        from assay.node.access.actions import Machine

        with transaction.atomic():
            made = actions.invite(Machine(_BY), email, role, name)
            if password:
                actions.set_password(Machine(_BY), made.pk, typed)
        if password:
            screen.say(f"{made.email} may come in as {made.get_role_display()}.", "green")
        else:
            _print_link(made)
    return 0


@users.command
def link(email: str, /, *, data_folder: DataFolder = DEFAULT_FOLDER) -> int:
    """Print a new one-time link for a user who forgot the password."""
    demand_node()
    from assay.node.serving.visiting import visited

    with visited(data_folder):
        from assay.node.access.models import User

        found = User.objects.filter(email=email.strip().lower()).first()
        if found is None:
            raise BadRequest("There is no such user", value=email, mend="`assay users list` shows them.")
        _print_link(found)
    return 0


@users.command(name="list")
def listed(*, data_folder: DataFolder = DEFAULT_FOLDER) -> int:
    """List the users."""
    demand_node()
    from assay.node.serving.visiting import visited

    with visited(data_folder):
        from assay.node.access.queries import users as everybody

        table = screen.table("e-mail", "name", "role", "state")
        for user in everybody():
            state = "may come in" if user.is_active else "kept out"
            table.add_row(*map(screen.clean, (user.email, user.name, user.get_role_display(), state)))
        screen.out().print(table)
    return 0


def _print_link(user: User) -> None:
    from assay.node.access import users as actions
    from assay.node.access.actions import Machine

    made = actions.make_link(Machine(_BY), user.pk)
    screen.say(f"{user.email} chooses a password here, once and within three days:")
    screen.say(made, "bold")


def _typed_password() -> str:
    """Return a password that was typed twice, unseen; from a pipe it is read as one line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    typed = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != typed:
        raise BadRequest("The two are not the same", where="password", mend="Run the command again.")
    return typed
