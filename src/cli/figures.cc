#include "cli/figures.h"

#include "base/quoted.h"
#include "protocol/json.h"

namespace mydis {
namespace {

char Separator(ReplyStyle style) { return style == ReplyStyle::kCsv ? ',' : '\t'; }

std::string JsonLine(std::span<const Figure> row) {
  std::string text;
  JsonWriter out(text);
  out.BeginObject();
  for (const Figure& figure : row) {
    out.Key(figure.name);
    if (figure.kind != Figure::Kind::kNumber) {
      out.String(figure.text);
    } else if (figure.text.find_first_not_of("0123456789.") == std::string::npos) {
      out.Raw(figure.text);
    } else {
      out.Null();
    }
  }
  out.EndObject();
  return text + "\n";
}

}  // namespace

std::string FigureNames(std::span<const Figure> row, ReplyStyle style) {
  if (style == ReplyStyle::kJson) return {};
  std::string out;
  for (const Figure& figure : row) (out += figure.name) += Separator(style);
  out.back() = '\n';
  return out;
}

std::string FigureLine(std::span<const Figure> row, ReplyStyle style) {
  if (style == ReplyStyle::kJson) return JsonLine(row);
  std::string out;
  for (const Figure& figure : row) {
    out += figure.kind == Figure::Kind::kBytes ? Quoted(figure.text) : figure.text;
    out += Separator(style);
  }
  out.back() = '\n';
  return out;
}

}  // namespace mydis
