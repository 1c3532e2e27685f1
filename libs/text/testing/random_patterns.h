#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// Random patterns and texts over a small alphabet, so that they match often. For tests only.
namespace countersign::text::testing {

// Random numbers that depend on the seed only (SplitMix64).
class Random {
 public:
  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }

  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t operator()() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

inline std::size_t Below(Random& random, std::size_t bound) { return random() % bound; }

// A random pattern over a, b, c, space and é, with every construct of the dialect.
inline std::string RandomPattern(Random& random, int depth) {
  static const std::vector<std::string> kAtoms = {"a",      "b",   "c",    " ",     "é",  "[ab]",
                                                  "[^a]",   "\\w", "\\W",  "\\b",   ".",  "[b-é]",
                                                  "(?i:A)", "\\s", "[a ]", "(|a)b", "\\B"};
  if (depth == 0 || Below(random, 4) == 0) return kAtoms[Below(random, kAtoms.size())];
  switch (Below(random, 4)) {
    case 0: return RandomPattern(random, depth - 1) + RandomPattern(random, depth - 1);
    case 1:
      return "(" + RandomPattern(random, depth - 1) + "|" + RandomPattern(random, depth - 1) + ")";
    case 2: {
      static const std::vector<std::string> kRepeats = {"*",     "+",     "?",   "{2}",
                                                        "{1,3}", "{0,2}", "{2,}"};
      return "(" + RandomPattern(random, depth - 1) + ")" +
             kRepeats[Below(random, kRepeats.size())];
    }
    default: return RandomPattern(random, depth - 1) + RandomPattern(random, depth - 1);
  }
}

inline std::string RandomText(Random& random, std::size_t longest) {
  static const std::vector<std::string> kPieces = {"a", "b", "c", " ", "é", "A", "ab", "\n", "-"};
  std::string text;
  const std::size_t length = Below(random, longest + 1);
  while (text.size() < length) text += kPieces[Below(random, kPieces.size())];
  return text;
}

}  // namespace countersign::text::testing
