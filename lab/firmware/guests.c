// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands by which an SNP guest is launched and ends (SNP ABI chapter 8). Nothing is encrypted
 * or measured. Which command each state of a guest and of its ASID allows, and the statuses, are
 * those of the published firmware (AMD-ASPFW, sev_mcmd.c and sev_guest.c).
 */
#include "firmware/commands.h"
#include "firmware/pages.h"

#include <inttypes.h>

/* The guest's policy (SNP ABI chapter 4). */
#define POLICY_MINOR(policy) ((policy)&0xff)
#define POLICY_MAJOR(policy) ((policy) >> 8 & 0xff)
#define POLICY_SMT	     (1ull << 16)
#define POLICY_ONE	     (1ull << 17) /* must be 1 */
#define POLICY_KNOWN	     0x1fffffull
#define POLICY_RAPL_DIS	     (1ull << 23)
#define POLICY_HIDING	     (1ull << 24)

#define START_AGENT 0x1u
#define START_IMAGE 0x2u

#define UPDATE_HUGE	  0x01u
#define UPDATE_TYPE(page) ((page) >> 1 & 0x7)
#define UPDATE_KNOWN	  0x1fu

#define FINISH_ID_BLOCK 0x1ull
#define FINISH_NO_VCEK	0x4ull
#define FINISH_KNOWN	0x7ull

enum page_type {
	TYPE_NORMAL = 1,
	TYPE_VMSA,
	TYPE_ZERO,
	TYPE_UNMEASURED,
	TYPE_SECRETS,
	TYPE_CPUID,
};

enum guest_state {
	GUEST_INIT,
	GUEST_LAUNCH,
	GUEST_RUNNING,
};

static const char *const guest_states[] = {
	[GUEST_INIT] = "Init",
	[GUEST_LAUNCH] = "Launch",
	[GUEST_RUNNING] = "Running",
};

/* What the lab keeps in a context page, of which real firmware encrypts the content. */
struct guest {
	uint64_t policy;
	uint32_t asid; /* 0: none */
	uint32_t state;
	uint32_t no_vcek;
};

static const uint8_t empty_page[RMP_PAGE_SIZE];

/* ---- ASIDs ---- */

static bool asid_has_pages(struct firmware *fw, uint32_t asid)
{
	struct rmp rmp = machine_rmp(fw);
	uint64_t pages = rmp_pages(&rmp);
	struct rmp_entry entry;

	for (uint64_t pfn = 0; pfn < pages; pfn++) {
		if (!rmp_get(&rmp, pfn, &entry) &&
		    (entry.lo & RMP_ASID_MASK) >> RMP_ASID_SHIFT == asid)
			return true;
	}
	return false;
}

/* An ASID that no guest ever ran with stays clean. */
static void release_asid(struct firmware *fw, uint32_t asid)
{
	if (fw->asids[asid] == ASID_IN_USE) {
		fw->asids[asid] = ASID_DIRTY;
		require_wbinvd(fw);
	} else {
		fw->asids[asid] = ASID_CLEAN;
	}
}

/* ---- contexts ---- */

static enum firmware_status check_page_address(struct firmware *fw, uint64_t pa)
{
	return pa % RMP_PAGE_SIZE
		       ? refuse(fw, STATUS_INVALID_PARAM, "0x%" PRIx64 " is no page's address", pa)
		       : STATUS_SUCCESS;
}

/* Puts a page into another state: bits of its RMP entry are cleared and set. */
static enum firmware_status change_page(struct firmware *fw, uint64_t pa, uint64_t clear,
					uint64_t set)
{
	struct rmp rmp = machine_rmp(fw);
	uint64_t pfn = pa / RMP_PAGE_SIZE;
	struct rmp_entry entry;

	if (rmp_get(&rmp, pfn, &entry))
		return refuse_address(fw, pa);
	find_write(fw, pfn, &entry);
	entry.lo = (entry.lo & ~clear) | set;
	return rmp_set(&rmp, pfn, entry) ? refuse_address(fw, pa) : STATUS_SUCCESS;
}

/* As find_page(), of a page in that state; wrong: the answer if it is in another. */
static enum firmware_status find_page_in(struct firmware *fw, uint64_t pa, enum page_state state,
					 enum firmware_status wrong, struct rmp_entry *entry)
{
	enum page_state is;
	enum firmware_status status = find_page(fw, pa, entry, &is);

	if (status || is == state)
		return status;
	return refuse(fw, wrong, "page 0x%" PRIx64 " is in state %s, not %s", pa, page_states[is],
		      page_states[state]);
}

/* Reads the guest whose context is at pa. */
static enum firmware_status find_guest(struct firmware *fw, uint64_t pa, struct guest *guest)
{
	enum firmware_status status = check_page_address(fw, pa);
	struct rmp_entry entry;

	*guest = (struct guest){ 0 };
	if (!status)
		status = find_page_in(fw, pa, PAGE_CONTEXT, STATUS_INVALID_GUEST, &entry);
	if (status)
		return status;
	if (firmware_load(fw, pa, guest, sizeof(*guest)))
		return refuse_address(fw, pa);
	/* No hardware would have let software write to the page. */
	if (guest->state > GUEST_RUNNING || guest->asid >= MACHINE_SEV_ASID_MIN)
		return refuse(fw, STATUS_INVALID_GUEST,
			      "software wrote to page 0x%" PRIx64 ", which is in state Context",
			      pa);
	return STATUS_SUCCESS;
}

/* As find_guest(), of a guest in that state. */
static enum firmware_status find_guest_in(struct firmware *fw, uint64_t pa, enum guest_state state,
					  struct guest *guest)
{
	enum firmware_status status = find_guest(fw, pa, guest);

	if (status || guest->state == state)
		return status;
	return refuse(fw, STATUS_INVALID_GUEST_STATE, "the guest is in state %s, not %s",
		      guest_states[guest->state], guest_states[state]);
}

static enum firmware_status store_guest(struct firmware *fw, uint64_t pa, const struct guest *guest)
{
	return write_answer(fw, pa, guest, sizeof(*guest));
}

/* Guests count from LAUNCH_START on, so a new context changes nothing but its page. */
enum firmware_status cmd_snp_gctx_create(struct firmware *fw, union command_buffer *buffer)
{
	uint64_t pa = buffer->page.address;
	enum firmware_status status = check_page_address(fw, pa);
	struct rmp_entry entry;

	if (!status)
		status = find_page_in(fw, pa, PAGE_FIRMWARE, STATUS_INVALID_PAGE_STATE, &entry);
	if (status)
		return status;
	if (entry.lo & RMP_HUGE)
		return refuse(fw, STATUS_INVALID_PAGE_SIZE,
			      "page 0x%" PRIx64 " is not of 4 KiB in the RMP", pa);
	status = write_answer(fw, pa, empty_page, sizeof(empty_page));
	return status ? status : change_page(fw, pa, 0, RMP_VMSA);
}

/* A guest can end in any state; its context becomes the firmware's, for the kernel to reclaim. */
enum firmware_status cmd_snp_decommission(struct firmware *fw, union command_buffer *buffer)
{
	uint64_t pa = buffer->page.address;
	struct guest guest;
	enum firmware_status status = find_guest(fw, pa, &guest);

	if (status)
		return status;
	if (guest.asid)
		release_asid(fw, guest.asid);
	if (guest.state != GUEST_INIT && fw->guests)
		fw->guests--;
	status = write_answer(fw, pa, empty_page, sizeof(empty_page));
	return status ? status : change_page(fw, pa, RMP_VMSA, 0);
}

enum firmware_status cmd_snp_guest_status(struct firmware *fw, union command_buffer *buffer)
{
	uint64_t to = buffer->guest_status.address;
	struct snp_guest_status answer = { 0 };
	enum firmware_status status;
	struct guest guest;

	if (to % RMP_PAGE_SIZE + sizeof(answer) > RMP_PAGE_SIZE)
		return refuse(fw, STATUS_INVALID_PARAM,
			      "the status crosses a page's end at 0x%" PRIx64, to);
	status = find_guest(fw, buffer->guest_status.context, &guest);
	if (!status)
		status = check_writable(fw, "the status", to, sizeof(answer));
	if (status)
		return status;
	answer.policy = guest.policy;
	answer.asid = guest.asid;
	answer.state = (uint8_t)guest.state;
	answer.flags = guest.no_vcek;
	return write_answer(fw, to, &answer, sizeof(answer));
}

/* ---- the launch ---- */

/* What a guest can ask of the platform if SNP_INIT_EX has set it up so (kernel psp-sev.h). */
static uint64_t known_policy(const struct firmware *fw)
{
	return POLICY_KNOWN | (fw->init_flags & SNP_INIT_RAPL_DIS ? POLICY_RAPL_DIS : 0) |
	       (fw->init_flags & SNP_INIT_HIDING ? POLICY_HIDING : 0);
}

static enum firmware_status check_policy(struct firmware *fw, uint64_t policy)
{
	const enum firmware_status status = STATUS_POLICY_FAILURE;
	const uint64_t known = known_policy(fw);

	if (!(policy & POLICY_ONE))
		return refuse(fw, status, "bit 17 of the policy is 0");
	if (policy & ~known)
		return refuse(fw, status,
			      "the policy has bits that this platform lacks: 0x%" PRIx64,
			      policy & ~known);
	if (!(policy & POLICY_SMT) && fw->machine->threads > 1)
		return refuse(fw, status, "the policy forbids SMT, which is on");
	if (POLICY_MAJOR(policy) > fw->version.major ||
	    (POLICY_MAJOR(policy) == fw->version.major && POLICY_MINOR(policy) > fw->version.minor))
		return refuse(fw, status, "the policy requires ABI %u.%u",
			      (unsigned int)POLICY_MAJOR(policy),
			      (unsigned int)POLICY_MINOR(policy));
	return STATUS_SUCCESS;
}

enum firmware_status cmd_snp_launch_start(struct firmware *fw, union command_buffer *buffer)
{
	const struct snp_launch_start_buffer *start = &buffer->launch_start;
	enum firmware_status status;
	struct guest guest;

	if (start->flags & ~(START_AGENT | START_IMAGE) || start->agent % RMP_PAGE_SIZE)
		return refuse(fw, STATUS_INVALID_PARAM, "reserved fields are not 0");
	status = find_guest_in(fw, start->context, GUEST_INIT, &guest);
	if (!status)
		status = check_policy(fw, start->policy);
	if (status)
		return status;
	if (start->flags)
		return refuse(fw, STATUS_UNSUPPORTED, "the lab does not model migration");
	guest = (struct guest){ .policy = start->policy, .state = GUEST_LAUNCH };
	fw->guests++;
	return store_guest(fw, start->context, &guest);
}

static enum firmware_status check_asid(struct firmware *fw, uint32_t asid,
				       const struct guest *guest)
{
	const uint32_t last = fw->max_snp_asid ? fw->max_snp_asid : MACHINE_SEV_ASID_MIN - 1;

	if (!asid || asid > last)
		return refuse(fw, STATUS_INVALID_ASID, "ASID %u is none of SNP's, 1 to %u", asid,
			      last);
	if (asid_has_pages(fw, asid))
		return refuse(fw, STATUS_INVALID_CONFIG, "ASID %u has pages in the RMP", asid);
	if (fw->asids[asid] == ASID_ALLOCATED || fw->asids[asid] == ASID_IN_USE)
		return refuse(fw, STATUS_ASID_OWNED, "ASID %u is a guest's", asid);
	if (guest->asid)
		return refuse(fw, STATUS_ACTIVE, "the guest has ASID %u", guest->asid);
	if (fw->asids[asid] == ASID_DIRTY)
		return refuse(fw, STATUS_DFFLUSH_REQUIRED,
			      "no DF_FLUSH since the INIT or a guest's end: ASID %u is dirty",
			      asid);
	return STATUS_SUCCESS;
}

/* The ASID is in use only once the guest runs. */
enum firmware_status cmd_snp_activate(struct firmware *fw, union command_buffer *buffer)
{
	uint64_t pa = buffer->activate.context;
	uint32_t asid = buffer->activate.asid;
	struct guest guest;
	enum firmware_status status = find_guest(fw, pa, &guest);

	if (status)
		return status;
	if (guest.state == GUEST_INIT)
		return refuse(fw, STATUS_INVALID_GUEST_STATE,
			      "the guest is in state Init, neither Launch nor Running");
	status = check_asid(fw, asid, &guest);
	if (status)
		return status;
	guest.asid = asid;
	fw->asids[asid] = ASID_ALLOCATED;
	return store_guest(fw, pa, &guest);
}

/* What LAUNCH_UPDATE requires of the page; asid: whose it is. */
static enum firmware_status
check_guest_page(struct firmware *fw, const struct snp_launch_update_buffer *update, uint32_t *asid)
{
	uint32_t huge = update->page & UPDATE_HUGE, type = UPDATE_TYPE(update->page);
	struct rmp_entry entry;
	enum firmware_status status = find_page_in(fw, update->address, PAGE_PRE_GUEST,
						   STATUS_INVALID_PAGE_STATE, &entry);

	if (status)
		return status;
	if (huge != !!(entry.lo & RMP_HUGE))
		return refuse(fw, STATUS_INVALID_PAGE_SIZE,
			      "page 0x%" PRIx64 " is not of the size in the RMP", update->address);
	if (type < TYPE_NORMAL || type > TYPE_CPUID)
		return refuse(fw, STATUS_INVALID_PARAM, "there is no page of type %u", type);
	if (huge && (type == TYPE_VMSA || type == TYPE_SECRETS || type == TYPE_CPUID))
		return refuse(fw, STATUS_INVALID_PAGE_SIZE, "a page of type %u has 4 KiB", type);
	*asid = (entry.lo & RMP_ASID_MASK) >> RMP_ASID_SHIFT;
	return STATUS_SUCCESS;
}

/* Neither the secrets nor a CPUID page's content is modelled. */
static enum firmware_status fill_page(struct firmware *fw,
				      const struct snp_launch_update_buffer *update)
{
	uint64_t pages = update->page & UPDATE_HUGE ? RMP_HUGE_PAGES : 1;
	uint32_t type = UPDATE_TYPE(update->page);

	if (type != TYPE_ZERO && type != TYPE_SECRETS)
		return STATUS_SUCCESS;
	for (uint64_t i = 0; i < pages; i++) {
		if (firmware_store(fw, update->address + i * RMP_PAGE_SIZE, empty_page,
				   sizeof(empty_page)))
			return refuse_address(fw, update->address);
	}
	return STATUS_SUCCESS;
}

enum firmware_status cmd_snp_launch_update(struct firmware *fw, union command_buffer *buffer)
{
	const struct snp_launch_update_buffer *update = &buffer->launch_update;
	enum firmware_status status = check_page_address(fw, update->address);
	struct guest guest;
	uint32_t asid = 0;

	if (update->page & ~UPDATE_KNOWN || update->reserved || update->reserved2 ||
	    update->reserved3)
		return refuse(fw, STATUS_INVALID_PARAM, "reserved fields are not 0");
	if (!status)
		status = find_guest_in(fw, update->context, GUEST_LAUNCH, &guest);
	if (!status)
		status = check_guest_page(fw, update, &asid);
	if (status)
		return status;
	if (!guest.asid)
		return refuse(fw, STATUS_INACTIVE, "the guest has no ASID");
	if (guest.asid != asid)
		return refuse(fw, STATUS_INVALID_PAGE_OWNER,
			      "page 0x%" PRIx64 " has ASID %u, the guest %u", update->address, asid,
			      guest.asid);
	status = change_page(fw, update->address, RMP_IMMUTABLE,
			     RMP_VALIDATED |
				     (UPDATE_TYPE(update->page) == TYPE_VMSA ? RMP_VMSA : 0));
	return status ? status : fill_page(fw, update);
}

enum firmware_status cmd_snp_launch_finish(struct firmware *fw, union command_buffer *buffer)
{
	const struct snp_launch_finish_buffer *finish = &buffer->launch_finish;
	enum firmware_status status;
	struct guest guest;

	if (finish->flags & ~FINISH_KNOWN)
		return refuse(fw, STATUS_INVALID_PARAM, "reserved fields are not 0");
	status = find_guest_in(fw, finish->context, GUEST_LAUNCH, &guest);
	if (status)
		return status;
	if (!guest.asid)
		return refuse(fw, STATUS_INACTIVE, "the guest has no ASID");
	if (finish->flags & FINISH_ID_BLOCK)
		return refuse(fw, STATUS_BAD_MEASUREMENT,
			      "the lab measures no guest, so no ID block fits");
	guest.state = GUEST_RUNNING;
	guest.no_vcek = !!(finish->flags & FINISH_NO_VCEK);
	fw->asids[guest.asid] = ASID_IN_USE;
	return store_guest(fw, finish->context, &guest);
}
