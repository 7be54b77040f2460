// All typed calls, by family.
#pragma once

#include "mydis/calls/bitmaps.h"
#include "mydis/calls/geo.h"
#include "mydis/calls/hash_expiry.h"
#include "mydis/calls/hashes.h"
#include "mydis/calls/hyperloglogs.h"
#include "mydis/calls/keys.h"
#include "mydis/calls/lists.h"
#include "mydis/calls/messages.h"
#include "mydis/calls/scripts.h"
#include "mydis/calls/server.h"
#include "mydis/calls/sets.h"
#include "mydis/calls/sorted_set_ranges.h"
#include "mydis/calls/sorted_sets.h"
#include "mydis/calls/stream_groups.h"
#include "mydis/calls/streams.h"
#include "mydis/calls/strings.h"

namespace mydis {

template <typename Self, template <typename> class Answer>
class Calls : public KeyCalls<Self, Answer>,
              public StringCalls<Self, Answer>,
              public BitmapCalls<Self, Answer>,
              public ListCalls<Self, Answer>,
              public HashCalls<Self, Answer>,
              public HashExpiryCalls<Self, Answer>,
              public SetCalls<Self, Answer>,
              public SortedSetCalls<Self, Answer>,
              public SortedSetRangeCalls<Self, Answer>,
              public StreamCalls<Self, Answer>,
              public StreamGroupCalls<Self, Answer>,
              public GeoCalls<Self, Answer>,
              public HyperLogLogCalls<Self, Answer>,
              public ScriptCalls<Self, Answer>,
              public MessageCalls<Self, Answer>,
              public ServerCalls<Self, Answer> {};

}  // namespace mydis
