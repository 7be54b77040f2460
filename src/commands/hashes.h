// Handlers of the hash commands; records in hashes_family.cc.
#pragma once

#include <span>

#include "commands/spec.h"
#include "types/hash.h"

namespace mydis {

std::span<const CommandSpec> HashFamily();
std::span<const CommandSpec> HashFieldsFamily();

// hashes.cc
void HsetCommand(WriteContext& context);
void HmsetCommand(WriteContext& context);
void HsetnxCommand(WriteContext& context);
void HdelCommand(WriteContext& context);
void HincrbyCommand(WriteContext& context);
void HincrbyfloatCommand(WriteContext& context);

// hashes_read.cc
void HgetCommand(ReadContext& context);
void HmgetCommand(ReadContext& context);
void HgetallCommand(ReadContext& context);
void HkeysCommand(ReadContext& context);
void HvalsCommand(ReadContext& context);
void HlenCommand(ReadContext& context);
void HstrlenCommand(ReadContext& context);
void HexistsCommand(ReadContext& context);
void HrandfieldCommand(ReadContext& context);
void HscanCommand(ReadContext& context);

// hashes_expiry.cc
void HexpireCommand(WriteContext& context);
void HpexpireCommand(WriteContext& context);
void HexpireatCommand(WriteContext& context);
void HpexpireatCommand(WriteContext& context);
void HpersistCommand(WriteContext& context);
void HttlCommand(ReadContext& context);
void HpttlCommand(ReadContext& context);
void HexpiretimeCommand(ReadContext& context);
void HpexpiretimeCommand(ReadContext& context);

// hashes_getset.cc
void HgetdelCommand(WriteContext& context);
void HgetexCommand(WriteContext& context);
void HsetexCommand(WriteContext& context);

inline void SendHashText(Reply& reply, const Hash::Value& text) {
  Hash::Value::Scratch scratch;
  reply.Bulk(text.string(scratch));
}

// The hash at a key, nullptr if there is none. False if it is of another type: then the error has
// been sent.
bool FindHash(const ReadContext& context, std::string_view key, const Hash** hash);

}  // namespace mydis
