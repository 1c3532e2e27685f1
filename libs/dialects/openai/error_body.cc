#include "libs/dialects/openai/error_body.h"

#include "libs/json/writer.h"

namespace countersign::dialects::openai {

std::string WriteErrorBody(const CallerError& error) {
  json::Writer out;
  out.BeginObject().Key("error").BeginObject();
  out.Key("message").String(error.message).Key("type").String(error.type);
  out.Key("param");
  error.param.empty() ? out.Null() : out.String(error.param);
  out.Key("code").String(error.code);
  if (!error.review_id.empty()) out.Key("review_id").String(error.review_id);
  out.EndObject().EndObject();
  return out.str();
}

}  // namespace countersign::dialects::openai
