"""What the cards tell people: terms of the data, intended use, misuse and known weaknesses."""

from __future__ import annotations

Words = dict[str, str]  # by the card's field

_MISUSE = (
    "Not for workplaces or schools (the EU AI Act, Art. 5(1)(f), forbids emotion recognition "
    "there), not for judging, selecting or watching people, and not for safety. Whoever runs it "
    "must tell the people in front of the camera (EU AI Act, Art. 50(3))."
)
_CHECK_TERMS = "Check these terms before any use that is not private."

EMOTION: Words = {
    "terms": (
        "The project publishes the weights under the MIT licence. They were trained on FER-2013 "
        "(competition data of the ICML 2013 workshop, for research; the rights to the images from "
        f"the web are not stated) and on the FER+ votes (Microsoft FERPlus, MIT). {_CHECK_TERMS}"
    ),
    "intended_use": (
        "It estimates how the faces in a private room look, to choose music. It tells how a face "
        "looks to a crowd of strangers, not what a person feels."
    ),
    "misuse": _MISUSE,
    "weaknesses": (
        "It was trained on pictures that a web search found for words of emotion; many of them are "
        "acted. Two labellings of them agree on about two thirds of the rows. It reads fear, "
        "disgust and sadness worst. Glasses, hands, darkness, profiles and faces below 48 pixels "
        "make it worse. Its errors for groups of age, gender or skin colour have not been measured."
    ),
}
QUALITY: Words = {
    "from": (
        "Training faces with masks, hands, blur and darkness drawn or computed, and the masks in "
        "photos that the EDEN foundation offers"
    )
}
GENDER: Words = {
    "terms": (
        "The project publishes the weights under the MIT licence. They were trained on UTKFace, "
        f"which its authors offer for non-commercial research only. {_CHECK_TERMS}"
    ),
    "intended_use": (
        "It is off by default. It tells whether a face looks male or female to those who labelled "
        "UTKFace (an estimate by a program, checked by a person). It does not tell who somebody is."
    ),
    "misuse": _MISUSE,
    "weaknesses": (
        "It has two labels for something that has more. It reads small children much worse than "
        "others, and its errors differ between groups of race and age: see the table of groups."
    ),
}
WHY: Words = {
    "intended_use": "It shows which pixels of a face speak for the emotion that was read in it.",
    "weaknesses": (
        "It shows what the network responds to and proves nothing: strong edges show up for every "
        "emotion, and the int8 files round what is shown here in float32."
    ),
}
TRACKER: Words = {
    "terms": (
        "The project publishes the weights under the MIT licence. They were trained on FER-2013 "
        "and UTKFace, both for research only, and on photos that the EDEN foundation offers. "
        f"{_CHECK_TERMS}"
    ),
    "intended_use": "It follows a face that a detector has found from one frame to the next.",
    "misuse": "Not for recognising or watching people. It does not tell one face from another.",
    "weaknesses": (
        "It learned from what BlazeFace finds in photos, so it loses faces where BlazeFace does: "
        "in profile, behind hands, in the dark. It also loses a face that moves by more than half "
        "its width from one frame to the next; then the detector searches for that face again."
    ),
}
DETECTOR: Words = {
    "terms": (
        "The published weights are Google's, under the Apache licence 2.0; the changes of this "
        "project are under the same licence. The photos that the search was fine-tuned on are "
        "offered by the EDEN foundation without a text of a licence; 9 are of PASCAL VOC."
    ),
    "intended_use": "It finds faces in pictures of a private room, to choose music.",
    "misuse": "Not for recognising, counting or watching people. It does not tell faces apart.",
    "weaknesses": (
        "It finds faces from the front best. It misses many that are small, turned away, covered "
        "or in the dark, and it may take a picture of a face for a face."
    ),
}
IMPORTED: Words = {
    "terms": (
        "The terms under which the weights were published apply to this file, too. The weights of "
        "Arriaga et al. (github.com/oarriaga/face_classification, MIT) were trained on FER-2013 "
        "(competition data of the ICML 2013 workshop, for research; the rights to the images from "
        "the web are not stated)."
    ),
    "intended_use": EMOTION["intended_use"],
    "misuse": _MISUSE,
    "weaknesses": (
        "This project did not train it. If it was trained on FER-2013: the labels of that data are "
        "disputed, it reads fear and disgust worst, and an accuracy on rows by which the weights "
        "were chosen is too high."
    ),
}
