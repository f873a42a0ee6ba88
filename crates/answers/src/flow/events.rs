//! What happened to one piece, before any definition has looked at it: what was delivered, what was changed, what went
//! down.

use stave_model::Time;

use super::devlake::Cycle;

/// What counts as a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Deployments to production that another system told.
    Deployments,
    /// Releases: tags that are versions.
    Releases,
}

/// Everything that happened to one piece that flow is measured from.
#[derive(Clone, Debug)]
pub(super) struct Events {
    /// The period that is measured: its begin, not before the first known commit, and its end.
    pub(super) from: Time,
    pub(super) to: Time,
    pub(super) source: Source,
    /// In order of time, also those before the period.
    pub(super) deliveries: Vec<Delivery>,
    /// Commits that aren't merges.
    pub(super) changes: Vec<Change>,
    /// What the branch itself went through, as pull requests: merges with what they brought, and single commits.
    pub(super) merges: Vec<Merge>,
    /// In order of their begin, without planned work.
    pub(super) failures: Vec<Failure>,
    /// Whether incidents were imported at all: where not, nobody knows what went down.
    pub(super) has_incidents: bool,
}

/// A release, or a deployment to production that succeeded.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    /// The tag's name; the deployment's key.
    pub(super) id: String,
    pub(super) at: Time,
    pub(super) url: Option<String>,
    /// Deployments of one pipeline into one environment are a row; releases of one repository.
    pub(super) row: String,
    /// The source says where it was deployed to.
    pub(super) names_environment: bool,
    /// The first known deployment of its row: what it contains may have been there before.
    pub(super) opens_row: bool,
    /// It put an earlier version back.
    pub(super) is_rollback: bool,
    /// The release that it patches off the usual cadence.
    pub(super) amends: Option<usize>,
}

/// A commit that isn't a merge.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) id: String,
    pub(super) committed: Time,
    pub(super) url: Option<String>,
    /// The first delivery that contains it.
    pub(super) delivery: Option<usize>,
    /// The merge that brought it.
    pub(super) merge: Option<usize>,
    /// Earlier deliveries with changes that it takes back.
    pub(super) takes_back: Vec<usize>,
    /// It came in whole from another history.
    pub(super) is_imported: bool,
}

/// What stands for a pull request.
#[derive(Clone, Debug)]
pub(super) struct Merge {
    pub(super) cycle: Cycle,
    pub(super) url: Option<String>,
    /// The first delivery that contains it and isn't the first of its row.
    pub(super) delivery: Option<usize>,
}

/// An incident.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) key: String,
    pub(super) started: Time,
    pub(super) resolved: Option<Time>,
    pub(super) url: Option<String>,
    /// The delivery that its source names as the cause.
    pub(super) caused_by: Option<usize>,
}

impl Events {
    /// Whether an instant lies in the period.
    pub(super) fn covers(&self, at: Time) -> bool {
        (self.from..=self.to).contains(&at)
    }

    /// The places of the deliveries in the period.
    pub(super) fn delivered(&self) -> Vec<usize> {
        (0..self.deliveries.len()).filter(|place| self.covers(self.deliveries[*place].at)).collect()
    }

    /// The delivery before this one in its row.
    pub(super) fn before(&self, place: usize) -> Option<usize> {
        (0..place).rev().find(|other| self.deliveries[*other].row == self.deliveries[place].row)
    }
}
