#include "libs/text/regex/pattern_database.h"

#include <hs/hs.h>

#include <cstdlib>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"

namespace countersign::text::regex {
namespace {

absl::Status EngineError(absl::string_view call, hs_error_t code) {
  return absl::InternalError(absl::StrCat("the pattern engine failed: ", call, " returned ", code));
}

unsigned CompileFlags(const DatabasePattern& pattern) {
  return pattern.is_bytes ? 0 : HS_FLAG_UTF8 | HS_FLAG_SINGLEMATCH;
}

// Identifies everything that a compiled database depends on.
std::string CacheKey(const std::vector<DatabasePattern>& patterns) {
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  LengthPrefixed key;
  key.Add(hs_version()).Add(std::uint64_t{HS_MODE_BLOCK});
  key.Add(std::uint64_t{platform.tune}).Add(std::uint64_t{platform.cpu_features});
  for (const DatabasePattern& pattern : patterns) {
    key.Add(pattern.expression).Add(std::uint64_t{CompileFlags(pattern)});
  }
  return key.bytes();
}

struct MatchContext {
  absl::FunctionRef<void(std::uint32_t, std::size_t)> on_match;
};

int OnMatch(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  static_cast<MatchContext*>(context)->on_match(id, static_cast<std::size_t>(to));
  return 0;
}

}  // namespace

void PatternDatabase::FreeDatabase::operator()(hs_database* database) const {
  hs_free_database(database);
}

void PatternDatabase::FreeScratch::operator()(hs_scratch* scratch) const {
  hs_free_scratch(scratch);
}

PatternDatabase::PatternDatabase(Database database, Scratch prototype)
    : database_(std::move(database)), prototype_(std::move(prototype)) {}

PatternDatabase::~PatternDatabase() = default;

absl::StatusOr<std::unique_ptr<PatternDatabase>> PatternDatabase::Compile(
    const std::vector<DatabasePattern>& patterns, CompileError* error, const DatabaseCache* cache) {
  if (hs_valid_platform() != HS_SUCCESS) {
    return absl::FailedPreconditionError("this processor cannot run the pattern engine (no SSSE3)");
  }
  const std::string key = cache == nullptr ? "" : CacheKey(patterns);
  Database database = cache == nullptr ? nullptr : FromCache(*cache, key);
  if (database == nullptr) {
    CS_ASSIGN_OR_RETURN(database, CompileNew(patterns, error));
    if (cache != nullptr) ToCache(*cache, key, database.get());
  }
  hs_scratch_t* scratch = nullptr;
  if (const hs_error_t rc = hs_alloc_scratch(database.get(), &scratch); rc != HS_SUCCESS) {
    return EngineError("hs_alloc_scratch", rc);
  }
  return std::unique_ptr<PatternDatabase>(
      new PatternDatabase(std::move(database), Scratch(scratch)));
}

absl::StatusOr<PatternDatabase::Database> PatternDatabase::CompileNew(
    const std::vector<DatabasePattern>& patterns, CompileError* error) {
  std::vector<const char*> expressions;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const DatabasePattern& pattern : patterns) {
    expressions.push_back(pattern.expression.c_str());
    flags.push_back(CompileFlags(pattern));
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* refusal = nullptr;
  const hs_error_t code = hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                                           static_cast<unsigned>(ids.size()), HS_MODE_BLOCK,
                                           nullptr, &database, &refusal);
  if (code != HS_SUCCESS) {
    error->names_pattern = refusal->expression >= 0;
    error->pattern = error->names_pattern ? static_cast<std::size_t>(refusal->expression) : 0;
    error->reason = refusal->message;
    hs_free_compile_error(refusal);
    return absl::InvalidArgumentError(error->reason);
  }
  return Database(database);
}

PatternDatabase::Database PatternDatabase::FromCache(const DatabaseCache& cache,
                                                     const std::string& key) {
  const auto bytes = cache.Load(key);
  hs_database_t* database = nullptr;
  if (!bytes || hs_deserialize_database(bytes->data(), bytes->size(), &database) != HS_SUCCESS) {
    return nullptr;
  }
  return Database(database);
}

// Without the cache the next start compiles again; nothing else depends on it.
void PatternDatabase::ToCache(const DatabaseCache& cache, const std::string& key,
                              hs_database* database) {
  char* bytes = nullptr;
  std::size_t size = 0;
  if (hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) return;
  cache.Store(key, {bytes, size}).IgnoreError();
  std::free(bytes);
}

absl::Status PatternDatabase::Scan(
    absl::string_view text,
    absl::FunctionRef<void(std::uint32_t pattern, std::size_t end)> on_match) const {
  if (text.size() > std::numeric_limits<unsigned>::max()) {
    return absl::InvalidArgumentError("the text is longer than 4 GiB");
  }
  CS_ASSIGN_OR_RETURN(Scratch scratch, TakeScratch());
  MatchContext context{on_match};
  const hs_error_t code = hs_scan(database_.get(), text.data(), static_cast<unsigned>(text.size()),
                                  0, scratch.get(), &OnMatch, &context);
  GiveScratch(std::move(scratch));
  return code == HS_SUCCESS ? absl::OkStatus() : EngineError("hs_scan", code);
}

absl::StatusOr<PatternDatabase::Scratch> PatternDatabase::TakeScratch() const {
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      Scratch scratch = std::move(idle_.back());
      idle_.pop_back();
      return scratch;
    }
  }
  hs_scratch_t* scratch = nullptr;
  if (const hs_error_t code = hs_clone_scratch(prototype_.get(), &scratch); code != HS_SUCCESS) {
    return EngineError("hs_clone_scratch", code);
  }
  return Scratch(scratch);
}

void PatternDatabase::GiveScratch(Scratch scratch) const {
  const MutexLock lock(mutex_);
  idle_.push_back(std::move(scratch));
}

}  // namespace countersign::text::regex
