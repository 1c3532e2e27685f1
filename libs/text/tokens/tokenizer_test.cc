#include "libs/text/tokens/tokenizer.h"

#include <zstd.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "libs/text/tokens/byte_pairs.h"
#include "libs/text/tokens/piece_cache.h"
#include "libs/text/tokens/tokenizer_data.h"
#include "libs/text/tokens/vocabulary.h"

namespace countersign::text::tokens {
namespace {

constexpr std::uint32_t kUnknown = 0xffffffff;

struct Vector {
  std::string text;
  std::uint32_t o200k = 0;
  std::uint32_t cl100k = 0;
};

// Made by scripts/tokenizer-data/vectors.mjs, which describes the file.
std::vector<Vector> ReferenceVectors() {
  std::ifstream in("tests/testdata/tokenizer/vectors.zst", std::ios::binary);
  const std::string packed{std::istreambuf_iterator<char>(in), {}};
  REQUIRE_FALSE(packed.empty());
  std::string plain(ZSTD_getFrameContentSize(packed.data(), packed.size()), '\0');
  REQUIRE(ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size()) ==
          plain.size());
  std::vector<Vector> vectors;
  for (std::size_t pos = 0; pos < plain.size();) {
    std::uint32_t head[3];
    std::memcpy(head, plain.data() + pos, sizeof head);
    vectors.push_back({plain.substr(pos + sizeof head, head[0]), head[1], head[2]});
    pos += sizeof head + head[0];
  }
  return vectors;
}

const Tokenizer& Named(absl::string_view name) { return **Tokenizer::ByName(name); }

// Byte-pair merging as it is defined, with no regard to time, until `fewest` parts are left.
std::vector<std::string> NaiveMerge(const Vocabulary& vocabulary, absl::string_view piece,
                                    std::size_t fewest) {
  std::vector<std::string> parts;
  for (const char byte : piece) parts.emplace_back(1, byte);
  while (parts.size() > fewest) {
    std::size_t best = 0;
    auto lowest = Vocabulary::kNoRank;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto rank = vocabulary.Find(parts[i] + parts[i + 1]);
      if (rank < lowest) {
        lowest = rank;
        best = i;
      }
    }
    if (lowest == Vocabulary::kNoRank) break;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  return parts;
}

// A piece that is a token is one, whether merging makes it or not.
std::size_t NaiveCount(const Vocabulary& vocabulary, absl::string_view piece) {
  if (vocabulary.Find(piece) != Vocabulary::kNoRank) return 1;
  return NaiveMerge(vocabulary, piece, 1).size();
}

TEST_CASE("Tokenizer: counts equal the reference implementation's on texts of many scripts",
          "[tokenizer]") {
  const Tokenizer& o200k = Named("o200k_base");
  const Tokenizer& cl100k = Named("cl100k_base");
  const std::vector<Vector> vectors = ReferenceVectors();
  REQUIRE(vectors.size() >= 5900);
  std::size_t compared = 0;
  for (const Vector& vector : vectors) {
    INFO("text: \"" << vector.text << "\"");
    if (vector.o200k != kUnknown) {
      REQUIRE(o200k.Count(vector.text) == vector.o200k);
      ++compared;
    }
    if (vector.cl100k != kUnknown) {
      REQUIRE(cl100k.Count(vector.text) == vector.cl100k);
      ++compared;
    }
  }
  REQUIRE(compared >= 11'700);
}

TEST_CASE("Tokenizer: special tokens typed by a user are plain text", "[tokenizer]") {
  CHECK(Named("o200k_base").Count("<|endoftext|>") == 7);
  CHECK(Named("cl100k_base").Count("<|endoftext|>") == 7);
}

TEST_CASE("Tokenizer: CountUpTo is exact up to its limit and above it beyond", "[tokenizer]") {
  const Tokenizer& tokenizer = Named("o200k_base");
  std::string text;
  for (int i = 0; i < 200; ++i) text += "The quick brown fox " + std::to_string(i * 7919) + ", ";
  const std::size_t exact = tokenizer.Count(text);
  for (const std::size_t limit : {exact, exact + 1, 10 * exact}) {
    CHECK(tokenizer.CountUpTo(text, limit) == exact);
  }
  for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, exact / 2, exact - 1}) {
    const std::size_t count = tokenizer.CountUpTo(text, limit);
    CHECK(count > limit);
    CHECK(count <= exact);
  }
  CHECK(tokenizer.CountUpTo("", 0) == 0);
}

TEST_CASE("Tokenizer: a text of one piece takes linear time", "[tokenizer]") {
  const Tokenizer& tokenizer = Named("cl100k_base");
  // The textbook merge would need about 10^12 steps for each of these.
  CHECK(tokenizer.Count(std::string(1 << 20, 'x')) > 60'000);
  std::string mixed;
  std::mt19937 random(7);
  while (mixed.size() < 1 << 20) mixed += static_cast<char>('a' + random() % 26);
  CHECK(tokenizer.Count(mixed) > 200'000);
  // Known to be too long without a merge.
  CHECK(tokenizer.CountUpTo(std::string(32 << 20, 'x'), 1000) > 1000);
}

TEST_CASE("Tokenizer: bytes that are not UTF-8 are counted as bytes", "[tokenizer]") {
  for (const char* text :
       {"\xff", "a\xc3", "\xe4\xb8", "\xf0\x9f\x98", "\xed\xa0\x80", "\xc0\x80"}) {
    CHECK(Named("o200k_base").Count(text) >= 1);
    CHECK(Named("cl100k_base").Count(text) >= 1);
  }
}

TEST_CASE("Tokenizer: many threads count the same", "[tokenizer]") {
  const Tokenizer& tokenizer = Named("o200k_base");
  const std::string text = std::string(3000, 'q') + " and some words " + std::string(200, '=');
  const std::size_t expected = tokenizer.Count(text);
  std::vector<std::thread> threads;
  std::vector<int> wrong(8);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) wrong[i] += tokenizer.Count(text) != expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int errors : wrong) CHECK(errors == 0);
}

const std::vector<std::vector<TokenizerData>> kVocabularies = {
    {TokenizerData::kO200kRanks},
    {TokenizerData::kCl100kRanks},
    {TokenizerData::kCl100kRanks, TokenizerData::kLlama3MoreRanks}};

std::unique_ptr<const Vocabulary> MakeVocabulary(const std::vector<TokenizerData>& data) {
  std::vector<std::string> files;
  for (const TokenizerData file : data) files.push_back(ReadTokenizerData(file));
  return std::make_unique<const Vocabulary>(files);
}

TEST_CASE("PieceCache: gives the count of the piece that was asked for and of no other",
          "[tokenizer]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  // Up to 20 tokens: some more than it can keep.
  const auto count = [](std::uint8_t owner, absl::string_view piece) -> std::size_t {
    std::size_t tokens = piece.size() + owner;
    for (const char byte : piece) tokens = (tokens * 31 + static_cast<unsigned char>(byte)) % 21;
    return tokens;
  };
  std::size_t misses = 0;
  PieceCache& cache = PieceCache::ForThread();
  for (int round = 0; round < 50'000; ++round) {
    std::string piece;
    for (std::size_t left = 1 + random() % PieceCache::kLongestPiece; left > 0; --left) {
      piece += static_cast<char>(random() % 2 == 0 ? 0 : 0xff);
    }
    const std::uint8_t owner = random() % 2 == 0 ? 254 : 255;
    const std::size_t found = cache.Count(owner, piece, [&](absl::string_view text) {
      ++misses;
      return count(owner, text);
    });
    if (found != count(owner, piece))
      FAIL("piece of " << piece.size() << " bytes in round " << round);
  }
  CHECK(misses < 49'000);
}

TEST_CASE("Tokenizer: a count does not depend on what was counted before", "[tokenizer]") {
  const std::string text = "Würde des Menschen, достоинство, 尊严 and dignity";
  const std::vector<std::size_t> first = {Named("o200k_base").Count(text),
                                          Named("cl100k_base").Count(text),
                                          Named("llama3").Count(text)};
  CHECK(first[0] < first[1]);
  for (int round = 0; round < 3; ++round) {
    CHECK(Named("o200k_base").Count(text) == first[0]);
    CHECK(Named("cl100k_base").Count(text) == first[1]);
    CHECK(Named("llama3").Count(text) == first[2]);
  }
}

TEST_CASE("BytePairCounter: counts as byte-pair merging by its definition does", "[tokenizer]") {
  const auto made = MakeVocabulary(GENERATE(from_range(kVocabularies)));
  const Vocabulary& vocabulary = *made;
  const BytePairCounter counter(vocabulary);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    // A few tokens after another make more and deeper merges than random bytes.
    std::string piece;
    const std::size_t size = 1 + random() % (round % 4 == 0 ? 400 : 140);
    while (piece.size() < size) {
      const auto token = vocabulary.token(random() % (round % 2 == 0 ? 3000 : vocabulary.size()));
      piece.append(token.data(), token.size());
    }
    INFO("piece of " << piece.size() << " bytes: " << piece);
    REQUIRE(counter.Count(piece) == NaiveCount(vocabulary, piece));
  }
}

TEST_CASE("BytePairCounter: tokens that are not made of lower ranks, or of none, change no count",
          "[tokenizer]") {
  const auto vocabulary = MakeVocabulary(kVocabularies[2]);
  // Some of the odd tokens of llama3, with where each of them breaks.
  std::vector<std::string> odd;
  for (Vocabulary::Rank rank = 100'256; rank < 102'500; ++rank) {
    const std::string token(vocabulary->token(rank));
    const std::vector<std::string> parts = NaiveMerge(*vocabulary, token, 2);
    bool regular = parts.size() == 2;
    for (const std::string& part : parts) regular &= vocabulary->Find(part) < rank;
    if (!regular) odd.push_back(token);
  }
  REQUIRE(odd.size() >= 10);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    std::string piece;
    for (unsigned left = 2 + random() % 5; left > 0; --left) {
      const std::string& token = odd[random() % odd.size()];
      const std::size_t from = random() % 3 == 0 ? random() % token.size() : 0;
      piece += token.substr(from, random() % 3 == 0 ? 1 + random() % token.size() : token.size());
    }
    INFO("piece: \"" << piece << "\"");
    REQUIRE(BytePairCounter(*vocabulary).Count(piece) == NaiveCount(*vocabulary, piece));
  }
}

TEST_CASE("Vocabulary: every token is found by its bytes", "[tokenizer]") {
  const auto made = MakeVocabulary(GENERATE(from_range(kVocabularies)));
  const Vocabulary& vocabulary = *made;
  for (Vocabulary::Rank rank = 0; rank < vocabulary.size(); ++rank) {
    if (vocabulary.Find(vocabulary.token(rank)) != rank) FAIL("rank " << rank);
  }
  CHECK(vocabulary.Find("no token has these bytes") == Vocabulary::kNoRank);
  CHECK(vocabulary.Find(std::string(200, ' ')) == Vocabulary::kNoRank);
}

}  // namespace
}  // namespace countersign::text::tokens
