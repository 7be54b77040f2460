// Handlers of the families about keys of any type: generic (records in keys_family.cc), expiry
// (expiry_family.cc) and whole databases (databases_family.cc).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> KeysFamily();
std::span<const CommandSpec> ExpiryFamily();
std::span<const CommandSpec> DatabasesFamily();

// keys.cc
void DelCommand(WriteContext& context);  // Of UNLINK too.
void ExistsCommand(ReadContext& context);
void TouchCommand(ReadContext& context);
void TypeCommand(ReadContext& context);
void RandomkeyCommand(ReadContext& context);

// keys_move.cc
void RenameCommand(WriteContext& context);
void RenamenxCommand(WriteContext& context);
void MoveCommand(WriteContext& context);
void CopyCommand(WriteContext& context);

// keys_scan.cc
void KeysCommand(ReadContext& context);
void ScanCommand(ReadContext& context);

// keys_object.cc
void ObjectEncodingCommand(ReadContext& context);
void ObjectRefcountCommand(ReadContext& context);
void ObjectIdletimeCommand(ReadContext& context);
void ObjectFreqCommand(ReadContext& context);
void ObjectHelpCommand(ReadContext& context);

// expiry.cc
void ExpireCommand(WriteContext& context);
void PexpireCommand(WriteContext& context);
void ExpireatCommand(WriteContext& context);
void PexpireatCommand(WriteContext& context);
void PersistCommand(WriteContext& context);
void TtlCommand(ReadContext& context);
void PttlCommand(ReadContext& context);
void ExpiretimeCommand(ReadContext& context);
void PexpiretimeCommand(ReadContext& context);

// databases.cc
void DbsizeCommand(ReadContext& context);
void FlushdbCommand(WriteContext& context);
void FlushallCommand(WriteContext& context);
void SwapdbCommand(WriteContext& context);

// The name that OBJECT ENCODING answers.
std::string_view EncodingNameOf(const Entry& entry);
// The name that TYPE answers and SCAN takes.
std::string_view TypeName(ValueType type);
// The number of a database, as Redis reads it; nullopt if there is none: then the error has been
// sent.
std::optional<uint32_t> ReadDatabase(std::string_view word, const Keyspace& keyspace, Reply& reply);

}  // namespace mydis
