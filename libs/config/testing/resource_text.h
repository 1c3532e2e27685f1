#pragma once

#include <string>

namespace countersign::config::testing {

// One document of a resource file. `spec` is in braces, or a block of indented lines that begins at
// the document's sixth line.
inline std::string ResourceText(const std::string& kind, const std::string& name,
                                const std::string& spec) {
  std::string text =
      "---\napiVersion: countersign/v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec:";
  const bool is_block = !spec.empty() && (spec[0] == ' ' || spec[0] == '\n');
  text += is_block ? (spec[0] == ' ' ? "\n" : "") : " ";
  text += spec;
  return text + (text.back() == '\n' ? "" : "\n");
}

}  // namespace countersign::config::testing
