"""As much of PromQL as the rules and dashboards use: which metrics and labels a query names."""
import re

TOKEN = re.compile(r'\s+|"(?:\\.|[^"\\])*"|\d+(?:\.\d+)?(?:[smhdwy]\w*)?|[A-Za-z_:][\w:]*|[{}()\[\],]|[=!<>~+*/%^-]+|\$\w+')
GROUPINGS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = GROUPINGS | {"and", "or", "unless", "offset", "bool"}


def tokens(query):
    found, at = [], 0
    while at < len(query):
        match = TOKEN.match(query, at)
        if match is None:
            raise ValueError(f"cannot read {query[at:at + 20]!r} in {query!r}")
        at = match.end()
        if not match[0].isspace():
            found.append(match[0])
    return found


class Query:
    """selectors: (metric, [(label, operator, quoted value)]); labels: those of groupings."""

    def __init__(self, text):
        self.selectors, self.labels = [], set()
        found = tokens(text) + [""]
        at = 0
        while found[at]:
            word, following = found[at], found[at + 1]
            if word in GROUPINGS and following == "(":
                at += 2
                while found[at] != ")":
                    if found[at] != ",":
                        self.labels.add(found[at])
                    at += 1
            elif re.match(r"[A-Za-z_:]", word) and word not in WORDS and following not in ("(",) + tuple(GROUPINGS):
                at = self._selector(found, at)
            at += 1

    def _selector(self, found, at):
        """Reads the selector at `at`; returns the place of its last token."""
        matchers = []
        metric = found[at]
        if found[at + 1] == "{":
            at += 2
            while found[at] != "}":
                matchers.append(tuple(found[at:at + 3]))
                at += 4 if found[at + 3] == "," else 3
        self.selectors.append((metric, matchers))
        return at

    def every_label(self):
        return self.labels | {label for _, matchers in self.selectors for label, _, _ in matchers}


def write(metric, matchers):
    return metric + "{" + ", ".join("".join(m) for m in matchers) + "}"
