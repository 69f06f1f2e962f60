# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every event that can be written, in one enum. The database refuses names of another shape.

The value is ``subject.happening`` and stable for ever: it is read years later by people who never saw this code.
"""

from enum import Enum


class Event(Enum):
    """What can happen. The comment says when it is written."""

    ALARM_RAISED = "alarm.raised"  # a message opened a new alarm
    ALARM_JOINED = "alarm.joined"  # a further message of the same person joined an open alarm
    ALARM_WITHDRAWN = "alarm.withdrawn"  # the device took its alarm back
    ALARM_UPHELD = "alarm.upheld"  # a device cancelled an alarm that another had raised too: it stands
    ALARM_RESTORED = "alarm.restored"  # the device, or its return, ended a technical alarm
    ALARM_PRESENTED = "alarm.presented"  # the alarm was first shown on an operator's screen
    ALARM_TAKEN = "alarm.taken"  # an operator took it and holds it alone
    ALARM_TAKEN_OVER = "alarm.taken_over"  # an operator took it from a colleague who is gone, or as shift leader
    ALARM_HEARD = "alarm.heard"  # the holder noticed that the person had alarmed again
    ALARM_SUSPENDED = "alarm.suspended"  # the holder laid it aside until a time
    ALARM_RESUMED = "alarm.resumed"  # the holder took it up again
    ALARM_HANDED_OVER = "alarm.handed_over"  # the holder offered it to a colleague
    ALARM_RELEASED = "alarm.released"  # the holder put it back in the queue, or was gone, or laid it aside too long
    ALARM_NOTED = "alarm.noted"  # somebody wrote a note on it
    ALARM_CLOSED = "alarm.closed"  # it was ended with reason, action and result
    ALARM_REOPENED = "alarm.reopened"  # it was closed by mistake and is open again
    ALARM_MERGED = "alarm.merged"  # it became part of another alarm (into), or another became part of it (part)
    ALARM_ESCALATED = "alarm.escalated"  # nobody had taken it in time; everyone, then the on-call phone, is called
    ALARM_READ = "alarm.read"  # somebody opened the alarm's page and saw personal data
    HISTORY_LISTED = "history.listed"  # somebody saw a list of ended alarms with the names of people in it
    HISTORY_SEARCHED = "history.searched"  # somebody searched ended alarms; what was looked for is not written
    MESSAGE_STORED = "message.stored"  # kept, no alarm concerned
    DEVICE_LATE = "device.late"  # a device has been silent for one and a half of its intervals
    DEVICE_LOST = "device.lost"  # a device has been silent for two of its intervals and the grace
    DEVICE_RETURNED = "device.returned"  # a late or lost device gave a sign of life
    DEVICE_ADOPTED = "device.adopted"  # an unknown sender was registered to an authority
    DEVICE_REGISTERED = "device.registered"  # a device was entered in the register
    DEVICE_CHANGED = "device.changed"  # a device's entry was changed
    SITE_SILENT = "site.silent"  # many devices, or the receiver, went silent at once
    SITE_RETURNED = "site.returned"  # devices that went silent together are heard again
    PERSON_REGISTERED = "person.registered"  # a person in care was entered in the register
    PERSON_SEARCHED = "person.searched"  # somebody looked a person in care up; what was looked for is not written
    PERSON_REMOVED = "person.removed"  # everything about a person was deleted, for an order of erasure
    ERASURE_ORDERED = "erasure.ordered"  # somebody ordered the erasure of a person, by a decision
    ERASURE_DECIDED = "erasure.decided"  # a second person approved it or declined it, or who ordered it took it back
    ERASURE_BEGUN = "erasure.begun"  # rows were deleted for an order, or something hinders that
    ERASURE_COMPLETED = "erasure.completed"  # the keys of a person are destroyed in every copy there is
    ERASURE_ATTEMPTED = "erasure.attempted"  # it was tried to read an erased person in a restored backup
    ERASURE_CERTIFIED = "erasure.certified"  # the certificate of an erasure was signed
    EXPORT_BEGUN = "export.begun"  # somebody takes out everything the authority owns; nothing was sent yet
    EXPORT_COMPLETED = "export.completed"  # the last byte of it was sent
    ENDING_ORDERED = "ending.ordered"  # somebody ordered that everything of the authority is erased, by a decision
    ENDING_DECIDED = "ending.decided"  # a second person approved it or declined it, or one of the two stopped it
    ENDING_BEGUN = "ending.begun"  # the authority's devices are let go, or something hinders that
    ENDING_REMOVED = "ending.removed"  # a batch of rows about everybody was deleted, or something hinders that
    ENDING_COMPLETED = "ending.completed"  # all keys of the authority are destroyed in every copy there is
    ENDING_ATTEMPTED = "ending.attempted"  # it was tried to read an erased authority in a restored backup
    ENDING_CERTIFIED = "ending.certified"  # the certificate of it was signed
    UNIT_REGISTERED = "unit.registered"  # who answers for which area at which hours
    AUTHORITY_REGISTERED = "authority.registered"  # an authority got its own database and roles
    AUTHORITY_RELEASED = "authority.released"  # an authority's contract ends: its devices are unknown senders now
    AUTHORITY_CLOSED = "authority.closed"  # an authority's contract has ended: it is served no more, its log is kept
    INSTALLATION_DECIDED = "installation.decided"  # an installation was made a demo, or one for real, for ever
    SETTINGS_CHANGED = "settings.changed"  # the settings file says something else than when it was last looked at
    KEY_CREATED = "key.created"  # a log got the key that signs its checkpoints
    KEY_CHANGED = "key.changed"  # a certificate that we show, or whom we believe, is another than before
    KEY_ROTATED = "key.rotated"  # an authority's key, or the root key, was replaced, and the old one destroyed
    COMMAND_RUN = "command.run"  # somebody ran a maintenance command
    SCHEMA_MIGRATED = "schema.migrated"  # a database got the tables and rights of this version
    ROW_CHANGED_BY_HAND = "row.changed_by_hand"  # a register was changed, and no entry of an act tells of it
    POLICY_CHANGED = "policy.changed"  # an authority changed its limits or words
    CLASS_CHANGED = "class.changed"  # an authority overrode what a code means
    ACCOUNT_CREATED = "account.created"  # somebody got an account
    ACCOUNT_INVITED = "account.invited"  # somebody was invited to make an account his own
    ACCOUNT_LINKED = "account.linked"  # an account became that of a subject of an issuer, by an invitation
    ACCOUNT_CHANGED = "account.changed"  # the day was set, or taken back, on which an account is deactivated by itself
    ACCOUNT_DEACTIVATED = "account.deactivated"  # somebody lost all access, until the account is reactivated
    ACCOUNT_REACTIVATED = "account.reactivated"  # and has it again
    ACCOUNT_REMOVED = "account.removed"  # an account was removed for ever; what its human was called is erased
    ROLE_GRANTED = "role.granted"  # an account got a role in one authority
    ROLE_REVOKED = "role.revoked"  # a role was taken back
    ROLE_REQUESTED = "role.requested"  # the authority was asked for a role that it has designated, or for an exception
    ROLE_APPROVED = "role.approved"  # the authority's approver said yes, or the role was held when it was designated
    ROLE_REFUSED = "role.refused"  # the authority's approver said no
    EVIDENCE_CHANGED = "evidence.changed"  # a look at a term's evidence found something else than the look before
    ROLE_LAPSED = "role.lapsed"  # nobody answered a request in time, or an exception is over; the role ended with it
    ROLE_DESIGNATED = "role.designated"  # the authority decided that nobody gets a role without its approval
    ROLE_RELEASED = "role.released"  # the authority took that back
    ROLE_UNAUTHORISED = "role.unauthorised"  # a grant without a valid approval was found; it is worth nothing
    TRUST_PROPOSED = "trust.proposed"  # somebody put an issuer of identities forward
    TRUST_APPROVED = "trust.approved"  # another approved exactly that: whoever it names can sign in by it
    TRUST_WITHDRAWN = "trust.withdrawn"  # it is believed no longer, or the proposal was taken back
    SESSION_STARTED = "session.started"  # somebody signed in
    SESSION_ENDED = "session.ended"  # somebody signed out, or was signed out
    SIGN_IN_REFUSED = "sign_in.refused"  # an attempt to sign in failed
    SECURITY_KEY_ENROLLED = "security_key.enrolled"  # somebody added a security key to his account
    SECURITY_KEY_USED = "security_key.used"  # somebody touched one to confirm exactly one act
    SECURITY_KEY_RENAMED = "security_key.renamed"  # somebody calls one of his own something else
    SECURITY_KEY_REMOVED = "security_key.removed"  # somebody removed one of his own, or setup one that was lost
    SECURITY_KEY_REFUSED = "security_key.refused"  # a key, or what it signed, was not accepted
    LEDGER_HEARTBEAT = "ledger.heartbeat"  # a minute has passed: a log that is silent for longer was cut off
    LEDGER_PRUNED = "ledger.pruned"  # entries older than the authority keeps them are removed; their hashes stay
    RETENTION_SET = "retention.set"  # the authority decided how long its log is kept
    REMOVAL_PROPOSED = "removal.proposed"  # somebody of the authority proposed how long its data is kept
    REMOVAL_PREVIEWED = "removal.previewed"  # somebody was shown what a proposal would remove
    REMOVAL_APPROVED = "removal.approved"  # another approved exactly these rules
    REMOVAL_WITHDRAWN = "removal.withdrawn"  # a proposal was taken back
    REMOVAL_RUN = "removal.run"  # a night of removal ended, with what went and what stayed
    DATA_REMOVED = "data.removed"  # a batch of alarms, messages or notes was removed, older than they are kept
    ALARM_REMOVED = "alarm.removed"  # this alarm was among them, with its messages, notes and steps
    HOLD_PLACED = "hold.placed"  # the authority decided that nothing of a person is removed or erased
    HOLD_LIFTED = "hold.lifted"  # that no longer holds
    LOG_READ = "log.read"  # somebody read the log: its newest entries, or one entry
    LOG_SEARCHED = "log.searched"  # somebody searched the log for a person, an account, an object, an event
    LOG_EXPORTED = "log.exported"  # somebody took entries of the log out as a file, with a reason
    ACCESS_DENIED = "access.denied"  # somebody signed in asked for what no rule allows
    CONNECTION_REFUSED = "connection.refused"  # a device, or who says to be one, was turned away; counted by the minute
