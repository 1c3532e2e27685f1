#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::dialects {

// Replaces bytes [begin, end) of a text by `replacement`.
struct Edit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string replacement;
};

// Applies all edits to `source`; everything outside them is unchanged. The edits may be in any
// order. INTERNAL when one lies outside the source or two overlap.
absl::StatusOr<std::string> Splice(absl::string_view source, std::vector<Edit> edits);

// A length that stands directly before the bytes [begin, end) that it counts.
struct LengthPrefix {
  enum class Form {
    kVarint,          // of protobuf
    kBigEndian32,     // of a gRPC message
    kLittleEndian32,  // of an element of Triton's BYTES tensors
  };
  Form form = Form::kVarint;
  std::size_t at = 0;  // its own first byte
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The same, and writes the lengths anew that count edited bytes; the others stay as they are. The
// lengths may be in any order; each counts all of another one with what that counts, or nothing of
// it. INTERNAL also when an edit covers a length or a part of what it counts, or a new length does
// not fit its form.
absl::StatusOr<std::string> Splice(absl::string_view source, std::vector<Edit> edits,
                                   std::vector<LengthPrefix> lengths);

// A decimal number at [at, at_end) that says how many bytes [begin, end) has, somewhere else.
struct DecimalSize {
  std::size_t at = 0;
  std::size_t at_end = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Appends the edits that write the sizes anew that count edited bytes. REQUIRES: each edit lies
// within what a size counts, or outside of it.
void AddSizeEdits(const std::vector<DecimalSize>& sizes, std::vector<Edit>& edits);

// What the bytes [0, end) become: their number after the edits among them.
std::size_t CountAfter(const std::vector<Edit>& edits, std::size_t end);

}  // namespace countersign::dialects
