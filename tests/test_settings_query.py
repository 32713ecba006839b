"""/sound/settings: what is set for the sounds, for clients that follow others."""


def settings(server, *known):
    return {reply.address: reply.args for reply in server.send("/sound/settings", *known)}


def test_it_describes_model_and_conditions(band_server):
    band_server.send("/sound/unload")
    band_server.send("/sound/load", "band")
    band_server.send("/sound/condition", "family", "brass")
    replies = band_server.send("/sound/settings")
    assert [reply.args[0] for reply in replies if reply.address in ("/sound/loaded", "/sound/level")] == ["band"] * 2
    assert ("/sound/conditioned", ["family", "brass"]) in replies
    assert replies[-1] == ("/done", ["/sound/settings"])


def test_who_knows_the_number_is_sent_no_more(band_server):
    (number,) = settings(band_server)["/sound/settings.reply"]
    assert list(settings(band_server, number)) == ["/sound/settings.reply", "/done"]


def test_the_number_is_another_one_when_something_is_set(band_server):
    band_server.send("/sound/load", "band")
    numbers = set()
    for family in ("brass", "reed", "any"):
        band_server.send("/sound/condition", "family", family)
        numbers.add(settings(band_server)["/sound/settings.reply"][0])
    band_server.send("/sound/unload")
    replies = settings(band_server)
    assert "/sound/unloaded" in replies
    assert len(numbers | set(replies["/sound/settings.reply"])) == 4
    assert all(0 < number < 2**24 for number in numbers)
