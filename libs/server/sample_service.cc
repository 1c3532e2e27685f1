// A minimal service program for run_service_test.cc.
#include "libs/config/fields.h"
#include "libs/server/run_service.h"

int main(int argc, char** argv) {
  std::string failure;
  countersign::server::Program program;
  program.name = "sample";
  program.read_section = [&](countersign::config::Fields& section, const auto&) {
    failure = section.String("failWith");
  };
  program.wire = [&](countersign::server::App&) {
    return failure.empty() ? absl::OkStatus() : absl::UnavailableError(failure);
  };
  program.schema = {"sample", [] {
                      return std::vector<countersign::pg::Migration>{
                          {1, "0001_things", "CREATE TABLE things (id int PRIMARY KEY)"}};
                    }};
  return countersign::server::RunService(argc, argv, program);
}
