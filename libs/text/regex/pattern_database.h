#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/mutex.h"
#include "libs/text/regex/database_cache.h"

struct hs_database;
struct hs_scratch;

namespace countersign::text::regex {

struct DatabasePattern {
  std::string expression;
  bool is_bytes = false;  // bytes as \xHH, perhaps with classes of bytes; else a pattern on UTF-8
                          // text, reported once
};

// Patterns compiled into one Hyperscan database. Immutable and thread-safe; each concurrent scan
// has its own scratch space, which is reused.
class PatternDatabase {
 public:
  struct CompileError {
    std::size_t pattern = 0;
    std::string reason;
    bool names_pattern = false;
  };

  // Literals are compiled as regexes: hs_compile_lit of Hyperscan 5.4.0 builds databases that miss
  // matches (intel/hyperscan#303). Databases are loaded from `cache` if present, and stored there
  // otherwise. FAILED_PRECONDITION when the processor lacks SSSE3; otherwise `error` says what was
  // refused.
  static absl::StatusOr<std::unique_ptr<PatternDatabase>> Compile(
      const std::vector<DatabasePattern>& patterns, CompileError* error,
      const DatabaseCache* cache = nullptr);

  ~PatternDatabase();
  PatternDatabase(const PatternDatabase&) = delete;
  PatternDatabase& operator=(const PatternDatabase&) = delete;

  // Calls `on_match(pattern, end)` for matches, in no particular order. Every engine error is
  // INTERNAL, because matches may be missing. REQUIRES: `text` is UTF-8.
  absl::Status Scan(absl::string_view text,
                    absl::FunctionRef<void(std::uint32_t pattern, std::size_t end)> on_match) const;

 private:
  struct FreeDatabase {
    void operator()(hs_database* database) const;
  };
  struct FreeScratch {
    void operator()(hs_scratch* scratch) const;
  };
  using Database = std::unique_ptr<hs_database, FreeDatabase>;
  using Scratch = std::unique_ptr<hs_scratch, FreeScratch>;

  PatternDatabase(Database database, Scratch prototype);
  static absl::StatusOr<Database> CompileNew(const std::vector<DatabasePattern>& patterns,
                                             CompileError* error);
  static Database FromCache(const DatabaseCache& cache, const std::string& key);
  static void ToCache(const DatabaseCache& cache, const std::string& key, hs_database* database);
  absl::StatusOr<Scratch> TakeScratch() const;
  void GiveScratch(Scratch scratch) const;

  const Database database_;
  const Scratch prototype_;
  mutable Mutex mutex_;
  mutable std::vector<Scratch> idle_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::text::regex
