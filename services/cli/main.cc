// countersign: the command line.

#include <unistd.h>

#include <iostream>

#include "services/cli/output/descriptor_buffer.h"
#include "services/cli/program.h"

int main(int argc, char** argv) {
  countersign::cli::output::DescriptorBuffer output(STDOUT_FILENO);
  std::streambuf* const before = std::cout.rdbuf(&output);
  const int status = countersign::cli::Run({argv + 1, argv + argc}, std::cout, std::cerr);
  std::cout.flush();  // output before an error must be written, too
  std::cout.rdbuf(before);
  return status;
}
