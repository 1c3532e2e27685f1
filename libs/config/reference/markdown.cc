#include "libs/config/reference/markdown.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "libs/config/reference/resource_reference.h"
#include "libs/config/reference/wrap_words.h"

namespace countersign::config::reference {
namespace {

constexpr std::size_t kPageWidth = 100;

constexpr absl::string_view kIntroduction =
    R"(# Resources: every kind and field

`scripts/resource-reference` writes this page from the reader that `apply` and `validate` use; a
test keeps them equal. `countersign explain KIND[.FIELD]` prints the same, and
[schemas/](schemas/) has a JSON Schema of each kind for editors: put
`# yaml-language-server: $schema=…/docs/schemas/resource.json` into the first line of a file.

A resource is a YAML or JSON document; a file has any number of them, between lines of `---`:

```yaml
apiVersion: countersign/v1
kind: Dictionary                       # one of the kinds below
metadata:
  name: codenames                      # [a-z0-9]([-a-z0-9]*[a-z0-9])?, up to 63 characters
  labels: {team: security}             # optional, for `get -l` and `apply --prune -l`
spec: {terms: [bluebird]}
```

Unknown fields are refused with their line. A duration is written `90s`, `15m` or `1h30m`. A value
is exactly one of `{inline: TEXT}`, `{env: VARIABLE}` and `{file: PATH}`; variables and files are
read where `apply` runs. Conditions and rules are described once, below their kind.
)";

std::string Cell(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}, {"\n", " "}});
}

std::string DefaultCell(const Field& field) {
  if (field.required) return "required";
  return field.fallback.empty() ? "" : absl::StrCat("`", field.fallback, "`");
}

}  // namespace

std::string ReferencePage() {
  std::string page(kIntroduction);
  for (const Kind& kind : Kinds()) {
    absl::StrAppend(&page, "\n## ", kind.name, "\n",
                    absl::StrJoin(WrapWords(kind.about, kPageWidth), "\n"), "\n\n");
    page += "| field | type | default | meaning |\n|---|---|---|---|\n";
    for (const Field& field : kind.fields) {
      absl::StrAppend(&page, "| `", field.path, "` | ", Cell(field.type), " | ",
                      Cell(DefaultCell(field)), " | ", Cell(field.about), " |\n");
    }
    page += "\n```yaml\n";
    for (std::size_t i = 0; i < kind.examples.size(); ++i) {
      absl::StrAppend(&page, i == 0 ? "" : "---\n", kind.examples[i]);
    }
    page += "```\n";
  }
  return page;
}

}  // namespace countersign::config::reference
