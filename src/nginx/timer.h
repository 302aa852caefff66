// A worker's timer: its sign of life, and the leader's work. The leader is whoever wins the compare-and-set on next_run
// among the workers of the newest configuration that are not exiting; a dead one is followed by the next who looks.
#pragma once

#include "nginx/zone.h"

namespace aigw::ngx {

// This process's slot in the zone; null outside of a worker.
WorkerSlot *worker_slot();

// Brings `contexts` and `seen` of this process's slot up to date.
void refresh_worker_slot();

// It gave a sign of life lately and its process is there.
bool is_alive(const WorkerSlot &slot);

}  // namespace aigw::ngx
