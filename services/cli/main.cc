// countersign: the command line.

#include <iostream>

#include "services/cli/program.h"

int main(int argc, char** argv) {
  return countersign::cli::Run({argv + 1, argv + argc}, std::cout, std::cerr);
}
