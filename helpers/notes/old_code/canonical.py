"""Says what a name in a file means: follows its imports, and knows where a local name hides one of them."""

import ast
from collections.abc import Iterator
from functools import cached_property

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES = (*FUNCTIONS, *COMPREHENSIONS, ast.ClassDef, ast.Module)
# Longer names for the same things: where a class is defined, and what files of Variable's time called it.
SAME = {
    "torch.autograd.variable.Variable": "torch.autograd.Variable",
    "torch.autograd.function.Function": "torch.autograd.Function",
    "torch.nn.parameter.Parameter": "torch.nn.Parameter",
    "torch.utils.data.dataloader.DataLoader": "torch.utils.data.DataLoader",
    "torch.utils.data.dataset.Dataset": "torch.utils.data.Dataset",
    "torch.nn.modules.module.Module": "torch.nn.Module",
    "torch.nn.Module": "torch.nn.Module",
}
PREFIXES = {
    "torchvision.transforms.transforms.": "torchvision.transforms.",
    "torchvision.models.resnet.": "torchvision.models.",
    "torchvision.models.vgg.": "torchvision.models.",
    "torch.nn.modules.": "torch.nn.",
    "torch.functional.": "torch.",
}
# What everybody calls them: for pieces of code without imports, and for ``from utils import *``.
CONVENTION = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "Variable": "torch.autograd.Variable",
    "optim": "torch.optim",
    "torchvision": "torchvision",
    "tv": "torchvision",
    "transforms": "torchvision.transforms",
}


def same(name: str) -> str:
    """Return the usual name of what has several: "torch.nn.Linear" for "torch.nn.modules.linear.Linear"."""
    if name in SAME:
        return SAME[name]
    for long, short in PREFIXES.items():
        if name.startswith(long):
            rest = name.removeprefix(long)
            return short + (rest.rpartition(".")[2] if long == "torch.nn.modules." else rest)
    return name


def dotted(node: ast.AST | None) -> str:
    """Return a chain of names, as in ``torch.nn.Linear``; '' for any other expression, and for none."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def targets(node: ast.AST) -> Iterator[str]:
    """Yield the names that an assignment's target binds."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


class Names:
    """The names of a file.

    Attributes:
        imported: name -> what it means, for everything that is imported, or is another name for it.
        stars: modules of which everything is imported.
        parents: node -> the node that it is part of.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.imported: dict[str, str] = {}
        self.stars: list[str] = []
        self.parents: dict[ast.AST, ast.AST] = {}
        self._local: dict[ast.AST, frozenset[str]] = {}
        self._cache: dict[ast.AST, str] = {}
        nodes = list(ast.walk(tree))
        for node in nodes:
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
            self._import(node)
        for node in nodes:
            self._alias(node)

    def _import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                self.imported[name] = same(alias.name) if alias.asname else name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                if alias.name == "*":
                    self.stars.append(node.module)
                else:
                    self.imported[alias.asname or alias.name] = same(f"{node.module}.{alias.name}")

    def _alias(self, node: ast.AST) -> None:
        """Follow ``FloatTensor = torch.FloatTensor`` and ``... = torch.cuda.FloatTensor if gpu else ...``."""
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            return
        target, value = node.targets[0], node.value
        if isinstance(value, ast.IfExp):
            value = value.orelse
        if isinstance(target, ast.Name) and isinstance(self.parents.get(node), ast.Module):
            meaning = self.resolve(value)
            if "." in meaning and target.id not in self.imported:
                self.imported[target.id] = meaning

    def scope(self, node: ast.AST) -> ast.AST:
        """Return the function, class, comprehension or module that a node is in."""
        node = self.parents.get(node, self.tree)
        while not isinstance(node, SCOPES):
            node = self.parents[node]
        return node

    def scopes(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the scopes that a node is in, innermost first."""
        while not isinstance(node, ast.Module):
            node = self.scope(node)
            yield node

    def local(self, scope: ast.AST) -> frozenset[str]:
        """Return the names that a function or a comprehension binds itself, other than by an import."""
        if scope not in self._local:
            names: set[str] = set()
            if isinstance(scope, FUNCTIONS):
                names |= {argument.arg for argument in arguments(scope)}
            if isinstance(scope, COMPREHENSIONS):
                names |= {name for g in scope.generators for name in targets(g.target)}
            elif not isinstance(scope, (ast.Module, ast.ClassDef)):
                names |= self._bound(scope)
            self._local[scope] = frozenset(names)
        return self._local[scope]

    def _bound(self, scope: ast.AST) -> set[str]:
        names, outer = set(), set()
        waiting = list(ast.iter_child_nodes(scope))
        while waiting:
            node = waiting.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                outer |= set(node.names)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            if not isinstance(node, SCOPES):
                waiting += ast.iter_child_nodes(node)
        return names - outer

    def resolve(self, node: ast.AST) -> str:
        """Return what a chain of names means, with its whole dotted name; '' if nothing is known about it."""
        if node not in self._cache:
            self._cache[node] = self._resolve(node)
        return self._cache[node]

    def _resolve(self, node: ast.AST) -> str:
        root, _, rest = dotted(node).partition(".")
        if not root:
            return ""
        for scope in self.scopes(node):
            if root in self.local(scope):
                return ""
        if root not in self.imported:
            if root not in CONVENTION or root in self._module_names:
                return ""
            return same(f"{CONVENTION[root]}.{rest}" if rest else CONVENTION[root])
        return same(f"{self.imported[root]}.{rest}" if rest else self.imported[root])

    def is_free(self, node: ast.AST) -> bool:
        """Tell whether a name is neither bound in the file nor imported by its own name."""
        name = dotted(node).partition(".")[0]
        if name in self.imported or any(name in self.local(scope) for scope in self.scopes(node)):
            return False
        return name not in self._module_names

    @cached_property
    def _module_names(self) -> set[str]:
        return self._bound(self.tree)

    def starred(self, node: ast.AST) -> Iterator[str]:
        """Yield what a free name may mean if it comes out of ``from ... import *``."""
        if self.stars and (name := dotted(node)) and self.is_free(node):
            yield from (same(f"{star}.{name}") for star in self.stars)


def arguments(function: ast.AST) -> list[ast.arg]:
    """Return all the arguments of a function, in order."""
    a = function.args
    extra = [argument for argument in (a.vararg, a.kwarg) if argument]
    return [*a.posonlyargs, *a.args, *a.kwonlyargs, *extra]
