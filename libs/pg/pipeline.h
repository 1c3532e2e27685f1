#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/pg/pool.h"

namespace countersign::pg {

// A prepared statement with its parameters, in the order of $1, $2, … Bytes are sent as they are:
// nothing is quoted, and nothing is written as hexadecimal digits.
class BoundStatement {
 public:
  explicit BoundStatement(std::size_t statement) : statement_(statement) {}

  // A `text` or `bytea` parameter. `bytes` must stay where it is until the statement has run.
  BoundStatement& Bytes(absl::string_view bytes);
  BoundStatement& Int(std::int64_t number);  // a `bigint` parameter
  BoundStatement& Bool(bool value);          // a `boolean` parameter
  // A parameter of any type, in PostgreSQL's text form. Without NUL characters.
  BoundStatement& Literal(std::string text);
  BoundStatement& Null();

 private:
  friend class Pipeline;
  struct Value {
    const char* bytes = nullptr;  // the caller's
    std::size_t size = 0;
    int format = 0;        // as libpq counts: 0 text, 1 binary
    bool is_null = false;  // else, without `bytes`, it is in `kept`
    std::string kept;
  };
  BoundStatement& Keep(std::string bytes, int format);

  std::size_t statement_;
  std::vector<Value> values_;
};

// Runs any number of prepared statements as one transaction in one round trip: for a writer whose
// transactions are many and small, where BEGIN, parsing, planning and COMMIT cost more than the
// work. It has one connection of its own, made on demand and again when it broke. Thread-safe, one
// transaction at a time; blocking.
class Pipeline {
 public:
  // `statements` are prepared on every new connection. A parameter whose type PostgreSQL cannot
  // tell has a cast.
  Pipeline(PoolOptions options, std::vector<std::string> statements);
  ~Pipeline();

  // Answers how many rows each statement wrote or returned. Errors are those of Pool::Transact;
  // after any of them but `commit_unknown` nothing was committed. An error is not retried.
  absl::StatusOr<std::vector<std::size_t>> Run(absl::string_view what,
                                               const std::vector<BoundStatement>& statements);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::pg
