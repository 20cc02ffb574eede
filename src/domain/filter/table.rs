//! The fields of the language: the one table behind the parser, the help, completion and facets.

/// Where a filter is used. Not every field says something everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    Accounts,
    Users,
    Groups,
    Members,
    /// Fields are those of the far end.
    Edges,
    /// What is different between two runs.
    Changes,
    Runs,
    Problems,
    /// The request log.
    Requests,
    /// An upload object by object.
    Planned,
}

impl Scope {
    /// As words say it.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Members => "group members",
            Self::Edges => "edges",
            Self::Changes => "changes",
            Self::Runs => "runs",
            Self::Problems => "problems",
            Self::Requests => "requests",
            Self::Planned => "objects of an upload",
        }
    }
}

impl From<crate::domain::view::List> for Scope {
    fn from(list: crate::domain::view::List) -> Self {
        use crate::domain::view::List;
        match list {
            List::Accounts => Self::Accounts,
            List::Users => Self::Users,
            List::Groups => Self::Groups,
            List::Members => Self::Members,
            List::Edges => Self::Edges,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Type,
    Enabled,
    Dynamic,
    Synced,
    RoleAssignable,
    /// Whether an object is tied as a [`Flag`] says.
    In,
    /// A [`Flag`], or one of the yes-or-no fields in another word.
    Is,
    Members,
    /// How many levels of groups lie in a group.
    Nesting,
    /// How many groups it is directly in.
    Groups,
    State,
    Visibility,
    Created,
    Name,
    Login,
    Mail,
    Id,
    Department,
    Title,
    Company,
    Country,
    /// The near end of an edge.
    From,
    /// Whether roles can be given to the near end of an edge.
    FromRole,
    /// The far end of a relationship.
    To,
    Edge,
    Depth,
    Change,
    /// What an upload does to it.
    Will,
    Key,
    /// Why it is deleted.
    Cause,
    /// Which of its fields change.
    Changes,
    Severity,
    Status,
    Method,
    Path,
    Code,
    Milliseconds,
    Units,
    Retries,
}

/// What is so or is not, and has no field of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flag {
    /// A group that is known to have no members.
    Empty,
    /// A group that holds groups.
    Nested,
    /// A group that hides its members.
    Hidden,
    /// A group whose members are not all known.
    Incomplete,
    /// A guest who did not accept yet.
    Invited,
    /// An edge whose far end could not be read.
    Mapped,
    /// A group that is, over others, a member of itself.
    InCycle,
    /// Something that is in a group.
    InGroup,
    /// Something that is in no group.
    InNothing,
}

impl Flag {
    pub const ALL: [Self; 9] = [
        Self::Empty,
        Self::Nested,
        Self::Hidden,
        Self::Incomplete,
        Self::Invited,
        Self::Mapped,
        Self::InCycle,
        Self::InGroup,
        Self::InNothing,
    ];

    /// The field and the word of it that say this.
    pub const fn words(self) -> (Field, &'static str) {
        match self {
            Self::Empty => (Field::Is, "empty"),
            Self::Nested => (Field::Is, "nested"),
            Self::Hidden => (Field::Is, "hidden"),
            Self::Incomplete => (Field::Is, "incomplete"),
            Self::Invited => (Field::Is, "invited"),
            Self::Mapped => (Field::Is, "mapped"),
            Self::InCycle => (Field::In, "cycle"),
            Self::InGroup => (Field::In, "group"),
            Self::InNothing => (Field::In, "nothing"),
        }
    }
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text, as everywhere; also `none` and `any`.
    Text,
    /// One of some words; others may turn up.
    Word,
    /// One of these words and no others.
    Flag,
    YesNo,
    /// `5`, `>5`, `<=5`, `2..5`.
    Number,
    /// `2020`, `>2020-05`, `<2020-05-01`, `2019..2021`.
    Date,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct FieldInfo {
    pub field: Field,
    /// What a filter calls it.
    pub word: &'static str,
    /// What else it may be called.
    pub also: &'static [&'static str],
    /// For people: what it leaves.
    pub what: &'static str,
    pub example: &'static str,
    pub shape: Shape,
    /// The words that it is known to take, for completion.
    pub values: &'static [&'static str],
    pub scopes: &'static [Scope],
}

use Scope::{Accounts, Changes, Edges, Groups, Members, Planned, Problems, Requests, Users};

const OBJECTS: &[Scope] = &[Accounts, Users, Groups, Members, Edges, Changes];
const NAMED: &[Scope] = &[Accounts, Users, Groups, Members, Edges, Changes, Planned];
const PEOPLE: &[Scope] = &[Users, Edges];
const GROUPS: &[Scope] = &[Groups, Edges];
const YES_NO: &[&str] = &["true", "false"];
const NONE: &[&str] = &["none", "any"];

const fn row(
    (field, word, also): (Field, &'static str, &'static [&'static str]),
    (shape, values): (Shape, &'static [&'static str]),
    scopes: &'static [Scope],
    what: &'static str,
    example: &'static str,
) -> FieldInfo {
    FieldInfo { field, word, also, what, example, shape, values, scopes }
}

/// All fields, in the order in which the help lists them.
#[rustfmt::skip]
pub const FIELDS: &[FieldInfo] = &[
    row((Field::Type, "type", &["kind"]), (Shape::Word, &[
            "guest", "member", "disabled", "microsoft365", "security", "distribution", "mailsecurity", "dynamic", "contact", "device",
            "serviceprincipal", "account", "user", "group", "other",
        ]), NAMED, "what it is, as the column says it", "type:guest"),
    row((Field::Enabled, "enabled", &["active"]), (Shape::YesNo, YES_NO), &[Users, Members, Edges], "may sign in", "enabled:false"),
    row((Field::Dynamic, "dynamic", &[]), (Shape::YesNo, YES_NO), GROUPS, "a rule decides who is in it", "dynamic:true"),
    row((Field::Synced, "synced", &["onprem"]), (Shape::YesNo, YES_NO), &[Accounts, Users, Groups, Members, Edges],
        "comes from a directory on premises", "synced:true"),
    row((Field::RoleAssignable, "role", &["roles"]), (Shape::YesNo, YES_NO), GROUPS, "roles can be given to it", "role:true"),
    row((Field::Is, "is", &[]), (Shape::Flag, &[
            "empty", "nested", "hidden", "incomplete", "invited", "mapped", "guest", "disabled", "dynamic", "synced", "role",
        ]), OBJECTS, "empty or nested groups, hidden or incomplete member lists …", "is:empty"),
    row((Field::In, "in", &[]), (Shape::Flag, &["cycle", "group", "nothing"]), &[Users, Groups, Members, Edges],
        "in a cycle, in any group, in none", "in:cycle"),
    row((Field::Members, "members", &["size"]), (Shape::Number, &[]), GROUPS, "how many direct members a group has", "members:>500"),
    row((Field::Nesting, "nesting", &[]), (Shape::Number, &[]), GROUPS, "how many levels of groups lie in a group", "nesting:>2"),
    row((Field::Groups, "groups", &["ingroups"]), (Shape::Number, &[]), &[Users, Groups, Members, Edges],
        "how many groups it is directly in", "groups:0"),
    row((Field::State, "state", &[]), (Shape::Word, &["complete", "partial", "forbidden", "hidden", "gone"]), GROUPS,
        "how the reading of a group's members ended", "state:forbidden"),
    row((Field::Visibility, "visibility", &[]), (Shape::Word, &["public", "private", "hidden"]), GROUPS,
        "who sees a group's members", "visibility:private"),
    row((Field::Created, "created", &[]), (Shape::Date, &[]), &[Accounts, Users, Groups, Edges], "when it was made (UTC)", "created:<2020"),
    row((Field::Name, "name", &[]), (Shape::Text, NONE), NAMED, "its name", "name:^sales"),
    row((Field::Login, "login", &["upn", "second"]), (Shape::Text, NONE), OBJECTS, "its login or mail name, as the column says it",
        "login:@contoso.com$"),
    row((Field::Mail, "mail", &["email"]), (Shape::Text, NONE), &[Users, Groups, Members, Edges], "its mail address", "mail:none"),
    row((Field::Id, "id", &[]), (Shape::Text, &[]), &[Accounts, Users, Groups, Members, Edges, Changes, Requests, Planned],
        "its id, or a part of it",
        "id:^84841066"),
    row((Field::Department, "dept", &["department"]), (Shape::Text, NONE), PEOPLE, "the department", "dept:\"human resources\""),
    row((Field::Title, "title", &["job", "jobtitle"]), (Shape::Text, NONE), PEOPLE, "the job title", "title:engineer"),
    row((Field::Company, "company", &[]), (Shape::Text, NONE), PEOPLE, "the company", "company:any"),
    row((Field::Country, "country", &["location", "usagelocation"]), (Shape::Text, NONE), PEOPLE, "the country of use, two letters",
        "country:de"),
    row((Field::From, "from", &[]), (Shape::Text, NONE), &[Edges, Changes, Planned], "the group, or account, that has it", "from:finance"),
    row((Field::To, "to", &[]), (Shape::Text, NONE), &[Planned], "what a relationship leads to", "to:ada"),
    row((Field::FromRole, "fromrole", &[]), (Shape::YesNo, YES_NO), &[Edges], "roles can be given to the group that has it",
        "fromrole:true"),
    row((Field::Edge, "edge", &[]), (Shape::Text, NONE), &[Edges, Changes, Planned], "the edge's _type", "edge:has_group"),
    row((Field::Depth, "depth", &[]), (Shape::Number, &[]), &[Users, Groups, Members, Edges], "how many edges away, among all members",
        "depth:>1"),
    row((Field::Change, "change", &[]), (Shape::Word, &["came", "changed", "went"]), &[Changes], "what became of it", "change:went"),
    row((Field::Will, "will", &["does"]), (Shape::Word, &["create", "change", "delete"]), &[Planned], "what the upload does to it",
        "will:delete"),
    row((Field::Key, "key", &[]), (Shape::Text, &[]), &[Planned], "its _key, or a part of it", "key:^84841066"),
    row((Field::Cause, "cause", &["because"]), (Shape::Word, &["gone", "account", "user", "group", "member", "emptied", "left"]), &[Planned],
        "why it is deleted: it is gone, an end of it is, or its group has it no more", "cause:user"),
    row((Field::Changes, "field", &["changes"]), (Shape::Word, &[
            "name", "displayname", "email", "jobtitle", "department", "username", "accountenabled", "active", "mail", "description",
            "membertype", "unknown",
        ]), &[Planned], "which of its fields change; unknown: what was sent before is not known", "field:email"),
    row((Field::Severity, "severity", &[]), (Shape::Word, &["degraded", "accepted", "incomplete", "failed"]), &[Problems], "how bad it is",
        "severity:failed"),
    row((Field::Status, "status", &[]), (Shape::Number, &[]), &[Requests], "the HTTP status", "status:>=400"),
    row((Field::Method, "method", &[]), (Shape::Word, &["get", "post", "put", "patch", "delete"]), &[Requests], "the HTTP method",
        "method:post"),
    row((Field::Path, "path", &["url"]), (Shape::Text, &[]), &[Requests], "path and query", "path:/groups"),
    row((Field::Code, "code", &[]), (Shape::Text, NONE), &[Problems, Requests], "the service's code", "code:denied"),
    row((Field::Milliseconds, "ms", &["time"]), (Shape::Number, &[]), &[Requests], "how long it took", "ms:>1000"),
    row((Field::Units, "units", &["cost"]), (Shape::Number, &[]), &[Requests], "resource units", "units:>2"),
    row((Field::Retries, "retries", &[]), (Shape::Number, &[]), &[Requests], "how often it was sent again", "retries:>0"),
];

/// What may stand before or behind a word, for the help.
#[rustfmt::skip]
pub const OPERATORS: &[(&str, &str)] = &[
    ("ada", "occurs, in any case; several words must all occur"),
    ("\"ada l\"", "with its spaces"),
    ("'ann", "as a whole word"),
    ("^ada", "at the beginning"),
    ("son$", "at the end"),
    ("^ada$", "nothing else"),
    ("~adlv", "these letters in this order"),
    ("!guest", "not; before anything"),
];

impl Field {
    /// Its row of the table.
    pub fn info(self) -> &'static FieldInfo {
        // Every field has a row; a test holds that.
        FIELDS.iter().find(|info| info.field == self).unwrap_or(&FIELDS[0])
    }

    /// The field that a filter calls so.
    pub fn of_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        FIELDS.iter().find(|info| info.word == word || info.also.contains(&word.as_str())).map(|info| info.field)
    }
}

/// What `type:` takes of an upload's objects: the `_type` of either naming, or a short word.
const PLANNED_TYPES: &[&str] = &[
    "user",
    "group",
    "member",
    "account",
    "entity",
    "relationship",
    "has_user",
    "has_user_group",
    "has_group",
    "has_group_member",
    "has_member",
    "active_directory_account",
    "active_directory_user",
    "active_directory_user_group",
    "active_directory_group_member",
    "active_directory_account_has_user",
    "active_directory_account_has_user_group",
    "active_directory_user_group_has_user",
    "active_directory_user_group_has_group",
    "active_directory_user_group_has_group_member",
    "microsoft_365_account",
    "azure_user",
    "azure_user_group",
    "microsoft_365_account_has_azure_user",
    "microsoft_365_account_has_azure_group",
    "azure_group_has_member",
];

impl FieldInfo {
    pub fn is_of(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The words that it is known to take of these rows.
    pub const fn values_of(&self, scope: Scope) -> &'static [&'static str] {
        match (self.field, scope) {
            (Field::Type, Scope::Planned) => PLANNED_TYPES,
            _ => self.values,
        }
    }

    /// What stands for it in the help of these rows.
    pub const fn example_of(&self, scope: Scope) -> &'static str {
        match (self.field, scope) {
            (Field::Type, Scope::Planned) => "type:user",
            _ => self.example,
        }
    }
}
