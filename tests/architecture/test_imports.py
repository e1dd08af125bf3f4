"""What only one file may do: import the HTTP client, change a job's state; and how rows of tenants are reached."""

import ast
from collections.abc import Iterable, Iterator
from typing import Final

import pytest
from django.apps import apps

from apps.accounts.tenancy import WorkspaceOwned
from tests.architecture import sources
from tests.architecture.sources import Source

pytestmark = pytest.mark.once

HTTP_CLIENT: Final = ("apps/outbound.py", "apps/outbound/")
STRIPE: Final = ("apps/billing/gateway.py",)
STATE_WRITER: Final = "apps/jobs/lifecycle.py"
EDGES: Final = ("apps/api/", "apps/studio/", "apps/site/")
MANAGERS: Final = {"objects", "_default_manager", "_base_manager"}
SHORTCUTS: Final = {"get_object_or_404", "get_list_or_404", "aget_object_or_404", "aget_list_or_404"}


def find_imports(modules: Iterable[Source], package: str, allowed: tuple[str, ...]) -> list[str]:
    """Find imports of a package outside the files that may have them."""
    return [
        f"{module.path}:{line} imports {name}"
        for module in modules
        if not module.path.startswith(allowed)
        for line, name in _imported(module.tree)
        if name == package or name.startswith(f"{package}.")
    ]


def find_nested_imports(modules: Iterable[Source]) -> list[str]:
    """Find imports inside functions: they hide a cycle."""
    return [
        f"{module.path}:{inner.lineno}"
        for module in modules
        for outer in ast.walk(module.tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]


def find_state_writes(modules: Iterable[Source]) -> list[str]:
    """Find assignments to the state of a job, and updates of it, outside the one file that may."""
    return [
        f"{module.path}:{node.lineno}"
        for module in modules
        if module.path != STATE_WRITER
        for node in ast.walk(module.tree)
        if isinstance(node, ast.stmt | ast.expr) and _writes_state(node)
    ]


def find_unscoped(modules: Iterable[Source], owned: frozenset[str]) -> list[str]:
    """Find queries for rows of tenants that do not begin with ``for_workspace``."""
    faults = []
    for module in modules:
        nodes = list(ast.walk(module.tree))
        names = _local_names(nodes, owned)
        scoped = {id(node.value) for node in nodes if isinstance(node, ast.Attribute) and node.attr == "for_workspace"}
        for node in nodes:
            match node:
                case ast.Attribute(attr=attribute, value=owner) if attribute in MANAGERS and id(node) not in scoped:
                    subject = owner
                case ast.Call(func=function, args=[first, *_]) if _last_name(function) in SHORTCUTS:
                    subject = first
                case _:
                    continue
            if _is_class(subject, names, owned):
                faults.append(f"{module.path}:{node.lineno} {ast.unparse(node)}")
    return faults


def test_one_module_has_the_http_client() -> None:
    assert find_imports(sources.python("apps", "config"), "httpx", HTTP_CLIENT) == []


def test_one_module_speaks_to_stripe() -> None:
    assert find_imports(sources.python("apps", "config"), "stripe", STRIPE) == []


def test_imports_stand_at_the_top() -> None:
    assert find_nested_imports(sources.python("apps", "config", "scripts", "tests")) == []


def test_one_module_changes_the_state_of_a_job() -> None:
    assert find_state_writes(sources.python("apps")) == []


def test_edges_reach_rows_of_tenants_through_their_workspace() -> None:
    owned = frozenset(model.__name__ for model in apps.get_models() if issubclass(model, WorkspaceOwned))
    assert {"Job", "Asset", "ApiKey", "Wallet"} <= owned
    assert find_unscoped([one for one in sources.python("apps") if one.path.startswith(EDGES)], owned) == []


def test_the_checks_can_fail() -> None:
    bad = Source("apps/jobs/runner.py", "import httpx\nfrom httpx import Client\nimport httpx_other")
    assert find_imports([bad], "httpx", HTTP_CLIENT) == [
        "apps/jobs/runner.py:1 imports httpx",
        "apps/jobs/runner.py:2 imports httpx",
    ]
    assert find_nested_imports([Source("a.py", "def f():\n    import os")]) == ["a.py:2"]
    assert find_state_writes([Source(STATE_WRITER, "job.state = 1")]) == []
    for line in (
        "job.state = 'failed'",
        "self.job.state: str = 'failed'",
        "Job.objects.filter(pk=1).update(state='failed')",
        "Job.objects.for_workspace(w).update(error=None, state='failed')",
        "Job.objects.create(state='running')",
        "job.save(update_fields=['state'])",
        "setattr(job, 'state', 'failed')",
    ):
        assert find_state_writes([Source("a.py", line)]) == ["a.py:1"], line
    assert find_state_writes([Source("a.py", "attempt.state = 1\nAttempt.objects.update(state=2)")]) == []
    owned = frozenset({"Job"})
    for line in (
        "from apps.jobs.models import Job\nJob.objects.all()",
        "from apps.jobs.models import Job as J\nJ.objects.filter(pk=1)",
        "from apps.jobs import models\nmodels.Job._default_manager.get(pk=1)",
        "from apps.jobs.models import Job\nget_object_or_404(Job, pk=1)",
    ):
        assert len(find_unscoped([Source("a.py", line)], owned)) == 1, line
    good = "from apps.jobs.models import Job\nJob.objects.for_workspace(w).all()\nUser.objects.all()"
    assert find_unscoped([Source("a.py", good)], owned) == []


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def _writes_state(node: ast.AST) -> bool:
    match node:
        case ast.Assign(targets=targets):
            return any(_is_job_state(target) for target in targets)
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            return _is_job_state(target)
        case ast.Call(func=ast.Name(id="setattr"), args=[subject, ast.Constant(value="state"), *_]):
            return _is_job(subject)
        case ast.Call(func=ast.Attribute(attr="save", value=subject), keywords=keywords) if _is_job(subject):
            return any("'state'" in ast.unparse(keyword.value) for keyword in keywords)
        case ast.Call(func=ast.Attribute(attr="update" | "create" | "get_or_create" | "update_or_create") as func):
            return _root(func) == "Job" and any(keyword.arg == "state" for keyword in node.keywords)
    return False


def _is_job_state(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and target.attr == "state" and _is_job(target.value)


def _is_job(subject: ast.expr) -> bool:
    return _last_name(subject).lower().endswith("job")


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _local_names(nodes: Iterable[ast.AST], owned: frozenset[str]) -> frozenset[str]:
    """The names under which a module knows these classes."""
    return frozenset(
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in owned
    )


def _is_class(node: ast.expr, names: frozenset[str], owned: frozenset[str]) -> bool:
    return (isinstance(node, ast.Name) and node.id in names) or (isinstance(node, ast.Attribute) and node.attr in owned)
