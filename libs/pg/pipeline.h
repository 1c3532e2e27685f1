#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/pg/pool.h"

struct pg_result;

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

// The rows of a query, in PostgreSQL's binary form: bytes without hexadecimal encoding.
class BinaryRows {
 public:
  explicit BinaryRows(std::shared_ptr<const pg_result> result) : result_(std::move(result)) {}

  std::size_t size() const;
  // A `text` or `bytea`; "" for NULL. Valid while this or a copy of it exists.
  absl::string_view Bytes(std::size_t row, std::size_t column) const;
  // A `smallint`, `integer` or `bigint`; 0 for NULL.
  std::int64_t Int(std::size_t row, std::size_t column) const;

 private:
  std::shared_ptr<const pg_result> result_;
};

// Runs prepared statements as one transaction in one round trip: for writers with many small
// transactions, where BEGIN, parsing, planning and COMMIT would cost more than the work, and for
// readers of many bytes. Blocking. Thread-safe: threads that call at the same time get a connection
// each. Connections are made on demand and remade when they break.
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

  // Runs one statement as a transaction, and returns its rows. Errors as of Run.
  absl::StatusOr<BinaryRows> Query(absl::string_view what, const BoundStatement& statement);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::pg
