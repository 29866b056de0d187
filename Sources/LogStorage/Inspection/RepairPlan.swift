import LogFormat
package import LogModel

/// What the next opening of a log would do, or what could be saved of one that opening refuses. Found out without
/// changing anything.
package struct RepairPlan: Sendable {
    /// One thing that would be done.
    package struct Step: Hashable, Sendable {
        /// What it is about.
        package enum Kind: String, Sendable, CaseIterable {
            case cutTail = "cut-tail"
            case beginEpoch = "begin-epoch"
            case sealSegment = "seal-segment"
            case rebuildIndex = "rebuild-index"
            case removeLeftover = "remove-leftover"
            case ignoreRun = "ignore-run"
            case moveAside = "move-aside"
            case cutAfterDamage = "cut-after-damage"
            case resetMeta = "reset-meta"
        }

        /// What it is about.
        package let kind: Kind
        /// The file.
        package let file: String
        /// The byte at which something begins.
        package let position: Int?
        /// How many bytes.
        package let byteCount: Int?
        /// The offset at which something begins.
        package let offset: Offset?
        /// What and why, for people.
        package let text: String

        init(
            _ kind: Kind, _ file: String, position: Int? = nil, byteCount: Int? = nil,
            offset: Offset? = nil, _ text: String
        ) {
            self.kind = kind
            self.file = file
            self.position = position
            self.byteCount = byteCount
            self.offset = offset
            self.text = text
        }
    }

    /// Why the log does not open; nil if it does.
    package internal(set) var refusal: StorageError?
    /// What opening would do, or repairing if opening refuses. Empty if there is nothing to do.
    package internal(set) var steps: [Step] = []
    /// The first offset that is kept afterwards.
    package internal(set) var first = Offset.zero
    /// The offset after the last record that is kept afterwards; nil if nothing could be kept.
    package internal(set) var end: Offset?
}

extension LogInspector {
    /// What the next opening would do.
    ///
    /// Throws `notALog` if there is no `meta`, `corrupt` if no page of it is valid: then nothing can be repaired
    /// but by a copy of it; or `io`.
    package func repairPlan() throws(StorageError) -> RepairPlan {
        var plan = try self.planOnce()
        // What another process was just doing looks another way the next time.
        for _ in 0..<Self.attempts where plan.refusal != nil {
            let again = try self.planOnce()
            if again.refusal == plan.refusal { return again }
            plan = again
        }
        return plan
    }

    private func planOnce() throws(StorageError) -> RepairPlan {
        let listing = try self.listing()
        var plan = RepairPlan()
        plan.first = listing.segments.first?.base ?? .zero
        var whole: [SegmentOutcome] = []
        do throws(StorageError) {
            let missing = self.missing(listing)
            // What follows is looked at also if segments are missing before or behind it: it can be kept.
            try self.open(listing, into: &plan, whole: &whole)
            if let missing { throw missing }
        } catch {
            plan.refusal = error
            plan.steps = []
            plan.end = nil
            try self.salvage(listing, whole, error, into: &plan)
            return plan
        }
        for name in listing.leftovers {
            plan.steps.append(
                RepairPlan.Step(
                    .removeLeftover, name,
                    "remove \(name), which is being made just now or which nobody needs any more"))
        }
        return plan
    }

    /// Why the segments that there are cannot be all of the log's; nil if they can.
    private func missing(_ listing: LogListing) -> StorageError? {
        do throws(StorageError) {
            try Recovery.check(
                listing.inventory, meta: listing.meta.newest,
                isPageLost: !listing.meta.failures.isEmpty, directory: self.directory)
            return nil
        } catch {
            return error
        }
    }

    /// A segment that opening finds whole.
    private struct SegmentOutcome {
        let name: String
        let end: Offset
        let endPosition: Int
    }

    /// The decisions of `Recovery.open`, in its order.
    private func open(
        _ listing: LogListing, into plan: inout RepairPlan, whole: inout [SegmentOutcome]
    ) throws(StorageError) {
        let meta = listing.meta.effective
        let hasher = GroupHasher(key: meta.hashKey)
        let blocks = BlockCache(byteCountMax: 0)
        var tail: Recovery.Tail?
        for (place, item) in listing.segments.enumerated() {
            let isLast = place == listing.segments.count - 1
            let nextBase = isLast ? nil : listing.segments[place + 1].base
            let sealed = try Recovery.openSealed(
                Inventory.Item(base: item.base, isCold: item.isCold), in: self.directory,
                blocks: blocks, hasher: hasher)
            if let sealed, let facts = sealed.facts {
                try Recovery.check(
                    sealed.header, of: sealed, follows: tail, base: item.base, meta: meta)
                // Whole by itself, also if the next one is not what follows.
                whole.append(
                    SegmentOutcome(
                        name: item.name, end: facts.end, endPosition: Int(facts.endPosition)))
                // The last one can have been sealed since the directory was read.
                let hasNewer =
                    isLast && self.directory.has(SegmentFile.name(base: facts.end))
                try Recovery.check(
                    sealed, facts, follows: tail, base: item.base, isLast: isLast,
                    nextBase: hasNewer ? facts.end : nextBase, meta: meta)
                try self.planIndex(of: sealed, into: &plan)
                tail = Recovery.Tail(facts)
                continue
            }
            let file = try self.directory.open(item.name, .read)
            let segment = try Recovery.openGrowing(file)
            try Recovery.check(
                segment.header, of: segment, follows: tail, base: item.base, meta: meta)
            let bytes = try file.read(at: 0, count: segment.header.recordsEnd)
            let scan = SegmentScan(bytes, header: segment.header) { record, position in
                segment.growing?.add(record.offset, at: position)
            }
            try Recovery.check(
                scan, of: segment, bytes: bytes, nextBase: nextBase, meta: meta)
            whole.append(
                SegmentOutcome(name: item.name, end: scan.end, endPosition: scan.endPosition))
            if isLast {
                try self.planTail(scan, item.name, bytes, segment.epoch, meta, into: &plan)
            } else {
                plan.steps.append(
                    RepairPlan.Step(
                        .sealSegment, item.name, offset: item.base,
                        "seal \(item.name): write its index and its last page"))
            }
            tail = Recovery.Tail(
                header: segment.header, active: nil, end: scan.end, position: scan.endPosition,
                checksum: scan.lastChecksum, time: scan.lastTime)
        }
        plan.end = tail?.end ?? .zero
        for name in listing.keyRuns + (listing.hasRemovedRun ? [RunFile.Name.removed] : []) {
            if try RunFile.open(name, in: self.directory, identity: meta.identity) == nil {
                plan.steps.append(
                    RepairPlan.Step(
                        .ignoreRun, name,
                        "do without \(name), which is damaged: the indexes know the same"))
            }
        }
    }

    private func planTail(
        _ scan: SegmentScan, _ name: String, _ bytes: [UInt8], _ epoch: Epoch, _ meta: MetaPage,
        into plan: inout RepairPlan
    ) throws(StorageError) {
        let cut = Recovery.tailByteCount(scan, bytes: bytes)
        if cut > 0 {
            plan.steps.append(
                RepairPlan.Step(
                    .cutTail, name, position: scan.endPosition, byteCount: cut, offset: scan.end,
                    "fill \(cut) bytes of \(name) from byte \(scan.endPosition) on with zeros: a batch from "
                        + "offset \(scan.end) on that is being written just now, or was never finished and "
                        + "never acknowledged"))
        }
        let boot = try self.directory.disk.bootIdentity()
        if Recovery.mustChangeEpoch(meta, boot: boot, cut: cut > 0, last: epoch) {
            plan.steps.append(
                RepairPlan.Step(
                    .beginEpoch, MetaFile.name, offset: scan.end,
                    "begin a new epoch at offset \(scan.end): readers may have seen records that are lost, and "
                        + "their tokens are refused"))
        }
    }

    private func planIndex(
        of segment: Segment, into plan: inout RepairPlan
    ) throws(StorageError) {
        let name = IndexFile.name(base: segment.base)
        var reason = "it is missing"
        if let bytes = try self.bytes(name) {
            do throws(FormatError) {
                let header = try IndexHeader(reading: bytes.span.bytes)
                try IndexView(bytes.span.bytes, header: header).check()
                if header.identity == segment.header.identity, header.base == segment.base,
                    header.binding == segment.sealed?.binding
                {
                    return
                }
                reason = "it was made from other records"
            } catch {
                reason = error.message
            }
        }
        plan.steps.append(
            RepairPlan.Step(
                .rebuildIndex, name, offset: segment.base,
                "make \(name) again when it is first needed: \(reason)"))
    }

    /// What could be kept of a log that does not open: everything before the first damage.
    private func salvage(
        _ listing: LogListing, _ whole: [SegmentOutcome], _ error: StorageError,
        into plan: inout RepairPlan
    ) throws(StorageError) {
        var kept = whole.count
        plan.end = whole.last?.end
        // The segment in which the damage is may have whole batches before it.
        if kept < listing.segments.count, !listing.segments[kept].isCold,
            error.path == self.directory.path(of: listing.segments[kept].name)
        {
            let item = listing.segments[kept]
            if let segment = try? self.segment(item), let scan = segment.scan(),
                segment.header.identity == listing.meta.newest.identity,
                segment.header.base == item.base, plan.end ?? item.base == item.base,
                scan.end > item.base
            {
                plan.steps.append(
                    RepairPlan.Step(
                        .cutAfterDamage, item.name, position: scan.endPosition, offset: scan.end,
                        "move a copy of \(item.name) aside, and keep of it the records \(item.base) to "
                            + "\(scan.end.rawValue - 1), which are whole, up to byte \(scan.endPosition)"
                    ))
                plan.end = scan.end
                kept += 1
            }
        }
        for item in listing.segments.dropFirst(kept) {
            plan.steps.append(
                RepairPlan.Step(
                    .moveAside, item.name, offset: item.base,
                    "move \(item.name) and its index aside: it is damaged, or follows what is"))
        }
        guard let end = plan.end, end > plan.first || kept > 0 else {
            plan.end = nil
            return
        }
        plan.steps.append(
            RepairPlan.Step(
                .resetMeta, MetaFile.name, offset: end,
                "let \(MetaFile.name) name offset \(end) as the log's end, and begin a new epoch there: "
                    + "readers that were further are told so"))
    }
}
