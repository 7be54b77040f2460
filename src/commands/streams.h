// Handlers of the stream commands (records in streams_family.cc and streams_group_family.cc).
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> StreamsFamily();
std::span<const CommandSpec> StreamGroupsFamily();

// streams.cc
void XaddCommand(WriteContext& context);
void XtrimCommand(WriteContext& context);
void XdelCommand(WriteContext& context);
void XsetidCommand(WriteContext& context);
void XlenCommand(ReadContext& context);
void XrangeCommand(ReadContext& context);
void XrevrangeCommand(ReadContext& context);

// streams_read.cc
void XreadCommand(ReadContext& context);
void XreadgroupCommand(WriteContext& context);
bool PlanXread(const ReadContext& context, WaitPlan* plan);
bool PlanXreadgroup(const ReadContext& context, WaitPlan* plan);

// streams_group.cc
void XgroupCreateCommand(WriteContext& context);
void XgroupSetidCommand(WriteContext& context);
void XgroupDestroyCommand(WriteContext& context);
void XgroupCreateconsumerCommand(WriteContext& context);
void XgroupDelconsumerCommand(WriteContext& context);
void XgroupHelpCommand(ReadContext& context);

// streams_pending.cc
void XackCommand(WriteContext& context);
void XpendingCommand(ReadContext& context);

// streams_claim.cc
void XclaimCommand(WriteContext& context);
void XautoclaimCommand(WriteContext& context);

// streams_info.cc
void XinfoStreamCommand(ReadContext& context);
void XinfoGroupsCommand(ReadContext& context);
void XinfoConsumersCommand(ReadContext& context);
void XinfoHelpCommand(ReadContext& context);

}  // namespace mydis
