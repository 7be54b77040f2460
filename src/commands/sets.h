// Handlers of the set commands; records in sets_family.cc.
#pragma once

#include <span>

#include "commands/spec.h"
#include "types/set.h"

namespace mydis {

std::span<const CommandSpec> SetFamily();

// sets.cc
void SaddCommand(WriteContext& context);
void SremCommand(WriteContext& context);
void SmoveCommand(WriteContext& context);
void SismemberCommand(ReadContext& context);
void SmismemberCommand(ReadContext& context);
void ScardCommand(ReadContext& context);
void SmembersCommand(ReadContext& context);
void SscanCommand(ReadContext& context);

// sets_random.cc
void SpopCommand(WriteContext& context);
void SrandmemberCommand(ReadContext& context);

// sets_combine.cc
void SinterCommand(ReadContext& context);
void SintercardCommand(ReadContext& context);
void SinterstoreCommand(WriteContext& context);
void SunionCommand(ReadContext& context);
void SunionstoreCommand(WriteContext& context);
void SdiffCommand(ReadContext& context);
void SdiffstoreCommand(WriteContext& context);

inline void SendMember(Reply& reply, const Set::Value& member) {
  Set::Value::Scratch scratch;
  reply.Bulk(member.string(scratch));
}

// The set at a key, nullptr if there is none. False if it is of another type: then the error has
// been sent.
bool FindSet(const ReadContext& context, std::string_view key, const Set** set);

}  // namespace mydis
