#include "consensus/snapshot_job.h"

#include <optional>

#include "base/assert.h"

namespace mydis {

struct SnapshotJob::Work {
  SnapshotId id;
  std::string meta;
  std::unique_ptr<SnapshotProducer> producer;
  std::unique_ptr<SnapshotWriter> writer;
  std::optional<SnapshotInfo> info;  // Set at the end.
  bool cancelled = false;            // Touched by the replica's thread alone.
  Done done;
};

void SnapshotJob::Start(SnapshotId id, std::string meta, std::unique_ptr<SnapshotProducer> producer,
                        Done done) {
  MYDIS_ASSERT(!running(), "one snapshot at a time");
  work_ = std::make_shared<Work>();
  work_->id = id;
  work_->meta = std::move(meta);
  work_->producer = std::move(producer);
  work_->done = std::move(done);
  Step(work_);
}

void SnapshotJob::Cancel() {
  if (work_) work_->cancelled = true;
}

// One block, or the end, per job: so that other jobs of the lane get their turn between.
void SnapshotJob::Step(std::shared_ptr<Work> work) {
  disk_.Run(
      DiskLane::kSnapshot,
      [this, work]() -> Status {
        if (!work->writer) {
          auto writer = store_.Create(work->id, work->meta);
          if (!writer) return writer.error();
          work->writer = std::move(*writer);
        }
        std::string block;
        if (Status status = work->producer->Next(block); !status.ok()) return status;
        if (!block.empty()) return work->writer->Append(block);
        auto info = work->writer->Commit();
        if (!info) return info.error();
        work->info = std::move(*info);
        return Status::Ok();
      },
      [this, work](Status status) {
        if (status.ok() && work->cancelled && !work->info)
          status = Status(ErrorCode::kUnavailable, "the snapshot was given up for a newer state");
        if (status.ok() && !work->info) return Step(work);
        Finish(work, std::move(status));
      });
}

void SnapshotJob::Finish(std::shared_ptr<Work> work, Status status) {
  work->producer.reset();
  work->writer.reset();
  work_.reset();
  if (status.ok())
    work->done(std::move(*work->info));
  else
    work->done(Fail(std::move(status)));
}

}  // namespace mydis
