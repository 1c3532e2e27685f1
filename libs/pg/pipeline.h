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

// A prepared statement with its parameters, in the order $1, $2, … Bytes are sent in binary form,
// without quoting or hexadecimal encoding.
class BoundStatement {
 public:
  explicit BoundStatement(std::size_t statement) : statement_(statement) {}

  // A `text` or `bytea` parameter. `bytes` must stay valid until the statement has run.
  BoundStatement& Bytes(absl::string_view bytes);
  BoundStatement& Int(std::int64_t number);  // a `bigint` parameter
  BoundStatement& Bool(bool value);          // a `boolean` parameter
  // A parameter of any type in PostgreSQL's text form. Must not contain NUL.
  BoundStatement& Literal(std::string text);
  BoundStatement& Null();

 private:
  friend class Pipeline;
  struct Value {
    const char* bytes = nullptr;  // owned by the caller
    std::size_t size = 0;
    int format = 0;        // as libpq counts: 0 text, 1 binary
    bool is_null = false;  // otherwise, without `bytes`, the value is in `kept`
    std::string kept;
  };
  BoundStatement& Keep(std::string bytes, int format);

  std::size_t statement_;
  std::vector<Value> values_;
};

// Runs prepared statements as one transaction in one round trip: for writers with many small
// transactions, where BEGIN, parsing, planning and COMMIT would cost more than the work. Blocking.
// Thread-safe: threads that call Run at the same time get a connection each. Connections are made
// on demand and remade when they break.
class Pipeline {
 public:
  // `statements` are prepared on every new connection. Parameters whose type PostgreSQL cannot
  // infer need a cast.
  Pipeline(PoolOptions options, std::vector<std::string> statements);
  ~Pipeline();

  // Returns how many rows each statement wrote or returned. Errors and retries are those of
  // Pool::Transact; after any error except `commit_unknown` nothing was committed.
  absl::StatusOr<std::vector<std::size_t>> Run(absl::string_view what,
                                               const std::vector<BoundStatement>& statements);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::pg
