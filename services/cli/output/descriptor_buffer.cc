#include "services/cli/output/descriptor_buffer.h"

#include <cerrno>

#include "services/cli/output/output_file.h"

namespace countersign::cli::output {

DescriptorBuffer::DescriptorBuffer(int file) : file_(file) {
  setp(block_.data(), block_.data() + block_.size());
}

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type c) {
  if (sync() != 0) return traits_type::eof();
  if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
  return traits_type::not_eof(c);
}

int DescriptorBuffer::sync() {
  if (error_ == 0)
    error_ = WriteFully(file_, {pbase(), static_cast<std::size_t>(pptr() - pbase())});
  setp(block_.data(), block_.data() + block_.size());
  if (error_ == 0) return 0;
  errno = error_;
  return -1;
}

}  // namespace countersign::cli::output
