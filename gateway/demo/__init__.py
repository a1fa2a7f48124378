"""The demonstration: one priority document's whole affair, played on this machine between real processes, and verified.

    ground     writes two offices, the Bureau and two IPAS into a folder      (found, but not started)
    programs   starts and ends them as separate processes
    stage      what the acts have at hand: clients, windows into the sandboxes, waiting, the timeline
    acts/      the story of eight steps, one file each; START READING AT acts/deposits.py
    play       from the empty folder to the last line

Rules: it speaks the public interfaces as an office's own system does, and believes nothing that it has not checked:
every step ends in checks, by signatures, digests, and the counterparts' own records.
"""
