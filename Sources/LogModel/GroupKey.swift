/// The name of a group: all records of `model` whose `property` has, or had just before, the `value`.
///
/// The group with the empty property and the value `null` is the *model group*: every record of the
/// model is in it, so that a subscription without a condition is found and resumed like any other.
public struct GroupKey: Hashable, Sendable {
    /// The model's label, for instance `todolist.Task`.
    public let model: Text
    /// The property's name; empty in a model group.
    public let property: Text
    /// The property's value.
    public let value: Scalar

    /// Creates the name of the group of records of `model` whose `property` is `value`.
    public init(model: Text, property: Text, value: Scalar) {
        self.model = model
        self.property = property
        self.value = value
    }

    /// Creates the name of the group of all records of `model`.
    public init(model: Text) {
        self.init(model: model, property: "", value: .null)
    }
}
