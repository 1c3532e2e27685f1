#include "libs/domain/prompt.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace countersign::domain {

bool HasJoinedParts(const Prompt& prompt) {
  absl::flat_hash_set<std::uint32_t> groups;
  return std::any_of(prompt.parts.begin(), prompt.parts.end(), [&](const TextPart& part) {
    return part.group != 0 && !groups.insert(part.group).second;
  });
}

std::vector<JoinedText> JoinParts(const Prompt& prompt, absl::string_view within_message) {
  std::vector<JoinedText> texts;
  absl::flat_hash_map<std::uint32_t, std::size_t> text_of_group;
  for (std::size_t i = 0; i < prompt.parts.size(); ++i) {
    const TextPart& part = prompt.parts[i];
    std::size_t at = texts.size();
    if (part.group != 0) at = text_of_group.try_emplace(part.group, at).first->second;
    if (at == texts.size()) {
      texts.emplace_back();
    } else {
      absl::StrAppend(&texts[at].text, part.breaks_line ? "\n" : within_message);
    }
    texts[at].segments.push_back({i, texts[at].text.size()});
    absl::StrAppend(&texts[at].text, part.text);
  }
  return texts;
}

}  // namespace countersign::domain
