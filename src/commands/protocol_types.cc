#include "commands/protocol_types.h"

#include "commands/arg_parser.h"

namespace mydis {

void ReplyOfType(std::string_view type, Reply& reply) {
  if (EqualsUpper(type, "STRING")) return reply.Bulk("Hello World");
  if (EqualsUpper(type, "INTEGER")) return reply.Integer(12345);
  if (EqualsUpper(type, "DOUBLE")) return reply.Double(3.141);
  if (EqualsUpper(type, "NULL")) return reply.Null();
  if (EqualsUpper(type, "BIGNUM")) return reply.BigNumber("1234567999999999999999999999999999999");
  if (EqualsUpper(type, "TRUE")) return reply.Bool(true);
  if (EqualsUpper(type, "FALSE")) return reply.Bool(false);
  if (EqualsUpper(type, "VERBATIM")) return reply.Verbatim("txt", "This is a verbatim\nstring");
  if (EqualsUpper(type, "ARRAY") || EqualsUpper(type, "SET")) {
    EqualsUpper(type, "SET") ? reply.SetHeader(3) : reply.ArrayHeader(3);
    for (int i = 0; i < 3; ++i) reply.Integer(i);
    return;
  }
  if (EqualsUpper(type, "MAP") || EqualsUpper(type, "ATTRIB")) {
    if (EqualsUpper(type, "ATTRIB")) {
      if (reply.resp_version() == 2) return reply.Bulk("Some real reply following the attribute");
      reply.AttributeHeader(1);
      reply.Bulk("key-popularity");
      reply.ArrayHeader(2);
      reply.Bulk("key:123");
      reply.Integer(90);
      return reply.Bulk("Some real reply following the attribute");
    }
    reply.MapHeader(3);
    for (int i = 0; i < 3; ++i) {
      reply.Integer(i);
      reply.Bool(i == 1);
    }
    return;
  }
  if (EqualsUpper(type, "PUSH")) {
    reply.PushHeader(2);
    reply.Bulk("server-cpu-usage");
    return reply.Integer(42);
  }
  reply.Error(
      "ERR Wrong protocol type name. Please use one of the following: "
      "string|integer|double|null|array|set|map|attrib|push|verbatim|true|false");
}

}  // namespace mydis
