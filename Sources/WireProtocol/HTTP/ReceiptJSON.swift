package import LogModel

extension Receipt {
    /// The receipt as a response's body: `{"epoch":"…","first":12,"last":13,"count":2,"durable":true}`, with
    /// `"repeated":true` if an earlier request had appended the changes.
    package var json: [UInt8] {
        let repeated = self.isRepeated ? ",\"repeated\":true" : ""
        return Array(
            ("{\"epoch\":\"\(self.epoch.text)\",\"first\":\(self.first),\"last\":\(self.last),"
                + "\"count\":\(self.count),\"durable\":\(self.isDurable)\(repeated)}\n").utf8)
    }
}
