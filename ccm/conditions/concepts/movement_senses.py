"""Owns the chronic conditions of bones, joints, senses and skin, by SNOMED CT concept."""

from __future__ import annotations

from typing import Final

MOVEMENT_SENSES: Final[dict[str, tuple[str, str]]] = {
    # Bones, joints and connective tissue
    "396275006": ("Osteoarthritis", "M19.90"),
    "239873007": ("Osteoarthritis of knee", "M17.9"),
    "239872002": ("Osteoarthritis of hip", "M16.9"),
    "201834006": ("Primary osteoarthritis of the hand", "M19.049"),
    "3723001": ("Arthritis", "M19.90"),
    "69896004": ("Rheumatoid arthritis", "M06.9"),
    "156370009": ("Psoriatic arthritis", "L40.50"),
    "9631008": ("Ankylosing spondylitis", "M45.9"),
    "55464009": ("Systemic lupus erythematosus", "M32.9"),
    "200936003": ("Lupus erythematosus", "L93.0"),
    "83901003": ("Sjögren syndrome", "M35.00"),
    "89155008": ("Systemic sclerosis", "M34.9"),
    "65323003": ("Polymyalgia rheumatica", "M35.3"),
    "400130008": ("Giant cell arteritis", "M31.6"),
    "64859006": ("Osteoporosis", "M81.0"),
    "443165006": ("Pathological fracture due to osteoporosis", "M80.00XA"),
    "203082005": ("Fibromyalgia", "M79.7"),
    "24693007": ("Fibromyalgia, older concept", "M79.7"),
    "76107001": ("Spinal stenosis", "M48.00"),
    "18347007": ("Spinal stenosis of lumbar region", "M48.061"),
    "387800004": ("Cervical spondylosis", "M47.812"),
    "26538006": ("Degeneration of lumbar disc", "M51.369"),
    "373621006": ("Chronic pain syndrome", "G89.4"),
    "239880009": ("Lumbar spondylosis", "M47.816"),
    "396230008": ("Dermatomyositis", "M33.90"),
    "31384009": ("Polymyositis", "M33.20"),
    "195353004": ("Granulomatosis with polyangiitis", "M31.30"),
    "398049005": ("Mixed connective tissue disease", "M35.1"),
    "2089002": ("Paget disease of bone", "M88.9"),
    # Eyes, ears and skin
    "23986001": ("Glaucoma", "H40.9"),
    "84494001": ("Open-angle glaucoma", "H40.10X0"),
    "77075001": ("Primary open-angle glaucoma", "H40.1190"),
    "267718000": ("Age-related macular degeneration", "H35.30"),
    "193570009": ("Cataract", "H26.9"),
    "15188001": ("Hearing loss", "H91.90"),
    "60700002": ("Sensorineural hearing loss", "H90.5"),
    "13445001": ("Ménière disease", "H81.09"),
    "9014002": ("Psoriasis", "L40.9"),
    "24079001": ("Atopic dermatitis", "L20.9"),
    "398909004": ("Rosacea", "L71.9"),
    "59393003": ("Hidradenitis suppurativa", "L73.2"),
    "6962006": ("Hypertensive retinopathy", "H35.039"),
}
