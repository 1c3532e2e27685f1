#include "services/cli/output/text_block.h"

#include <algorithm>
#include <string>

#include "services/cli/output/output.h"

namespace countersign::cli::output {
namespace {

constexpr std::size_t kNameWidth = 14;

std::size_t Width(absl::string_view text) {
  const std::string shown = Printable(text);
  return static_cast<std::size_t>(std::count_if(shown.begin(), shown.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// A line of ^ below what the spans mark of the line at [begin, begin + line.size()).
std::string Marks(absl::string_view line, std::size_t begin, const Spans& spans) {
  std::string marks;
  for (const auto& [from, to] : spans) {
    const std::size_t first = std::max(from, begin);
    const std::size_t last = std::min(to, begin + line.size());
    if (first >= last) continue;
    const std::size_t left = Width(line.substr(0, first - begin));
    const std::size_t size = Width(line.substr(first - begin, last - first));
    marks.resize(std::max(marks.size(), left + size), ' ');
    std::fill_n(marks.begin() + static_cast<std::ptrdiff_t>(left), size, '^');
  }
  return marks;
}

}  // namespace

void PrintField(std::ostream& out, absl::string_view name, absl::string_view value) {
  out << name << std::string(name.size() < kNameWidth ? kNameWidth - name.size() : 1, ' ')
      << Printable(value) << "\n";
}

void PrintText(std::ostream& out, absl::string_view text, const Spans& spans) {
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const absl::string_view line = text.substr(begin, end - begin);
    out << "  | " << Printable(line) << "\n";
    const std::string marks = Marks(line, begin, spans);
    if (!marks.empty()) out << "  > " << marks << "\n";
    if (end == text.size()) return;
    begin = end + 1;
  }
}

}  // namespace countersign::cli::output
